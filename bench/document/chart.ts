import type { KeptRow, KeptTable } from '../results-file.ts'

const WIDTH = 720
const MARGIN = 12
const TITLE_HEIGHT = 30
const ROW_HEIGHT = 42
const BAR_HEIGHT = 12
/** Beyond this many times the longest bar a p99 is cut off, and its row's text alone has it. */
const TAIL = 1.5

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .figure { text-anchor: end; fill: #59636e }
  .bar { fill: #0969da }
  .spread { stroke: #59636e; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .figure { fill: #9198a1 }
    .bar { fill: #4493f8 }
    .spread { stroke: #9198a1 }
  }
`

/**
 * An SVG picture of tables of one unit: a bar for each median, and a line over it from the least sample to
 * the p99. All are drawn to the same scale, which begins at 0.
 */
export function chart(tables: readonly KeptTable[]): string {
  const rows = tables.flatMap((table) => table.rows)
  const longest = Math.max(...rows.map(({ median }) => median))
  const most = Math.min(TAIL * longest, Math.max(...rows.map(({ p99 }) => p99)))
  const x = (figure: number): number =>
    most > 0 ? Math.round((Math.min(figure, most) / most) * (WIDTH - 2 * MARGIN)) : 0
  const parts: string[] = []
  let y = 0
  for (const table of tables) {
    parts.push(text(table.title, y + 20, 'title'))
    y += TITLE_HEIGHT
    for (const row of table.rows) {
      parts.push(...drawn(row, table, x, y))
      y += ROW_HEIGHT
    }
  }
  const label = escaped(tables.map(({ title }) => title).join('; '))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${label}">`,
    `<style>${STYLE}</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

function drawn(row: KeptRow, table: KeptTable, x: (figure: number) => number, y: number): string[] {
  const { what, samples, min, median, p99 } = row
  const middle = y + 20 + BAR_HEIGHT / 2
  const bar = `<rect class="bar" x="${MARGIN}" y="${y + 20}" width="${Math.max(1, x(median))}" height="${BAR_HEIGHT}" rx="2"/>`
  const [from, to] = [MARGIN + x(min), MARGIN + x(p99)]
  const spread = `<line class="spread" x1="${from}" x2="${to}" y1="${middle}" y2="${middle}"/>`
  const words =
    text(what, y + 14) + text(`${median.toFixed(table.digits)} ${table.unit}`, y + 14, 'figure')
  return samples > 1 ? [words, bar, spread] : [words, bar]
}

function text(words: string, y: number, kind?: 'title' | 'figure'): string {
  const x = kind === 'figure' ? WIDTH - MARGIN : MARGIN
  return `<text${kind ? ` class="${kind}"` : ''} x="${x}" y="${y}">${escaped(words)}</text>`
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
