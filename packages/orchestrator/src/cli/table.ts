import Table from 'cli-table3'

type Row = readonly (string | number)[]

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Between rows. */
const NO_RULES = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }

/** Columns and nothing else, so that it can be read, grepped and cut. */
export function plainTable(rows: readonly Row[]): string {
  const table = new Table({
    chars: NO_BORDERS,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  table.push(...rows.map((row) => [...row]))
  return table.toString().replaceAll(/ +$/gm, '')
}

/** Columns in a frame. */
export function framedTable(rows: readonly Row[]): string {
  const table = new Table({ chars: NO_RULES, style: { head: [], border: [] } })
  table.push(...rows.map((row) => [...row]))
  return table.toString()
}
