import { type Markup, markup, type Part } from './markup.ts'

export interface Column<Row> {
  title: string
  cell: (row: Row) => Part
  kind?: 'number' | 'words'
}

/** More rows than these scroll in a frame of their own. */
const ROWS_IN_SIGHT = 25

/** Of a table with more columns numbers could not be told apart one below the other. */
const MOST_ON_A_BOARD = 5

/** The first column is what a row is about. */
export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Markup {
  const board = columns.length <= MOST_ON_A_BOARD ? 'board' : undefined
  const tall = rows.length > ROWS_IN_SIGHT ? ' tall' : ''
  return markup`<div class="scroll${tall}" role="region" aria-label="${caption}" tabindex="0"><table class="${board}">
<caption>${caption}</caption>
<thead><tr>${columns.map(({ title, kind }) => markup`<th scope="col" class="${kind}">${title}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => markup`<tr>${columns.map((column, index) => cellOf(column, row, index === 0))}</tr>\n`)}</tbody>
</table></div>`
}

function cellOf<Row>({ cell, kind }: Column<Row>, row: Row, isHeader: boolean): Markup {
  const content = cell(row)
  if (isHeader) return markup`<th scope="row">${content}</th>`
  return kind === undefined
    ? markup`<td>${content}</td>`
    : markup`<td class="${kind}">${content}</td>`
}
