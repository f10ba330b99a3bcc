import type { RunReport } from '../report.ts'
import { number, shortened, time } from './format.ts'
import { type Markup, markup } from './markup.ts'
import { type Column, table } from './table.ts'

type ErrorReport = RunReport['health']['errors'][number]

export function errorTable({ health: { errors, errorCount } }: RunReport): Markup {
  if (errors.length === 0) return markup`<p>There were none.</p>`
  const cut =
    errorCount > errors.length &&
    markup`<p>These are the first ${number(errors.length)} of ${number(errorCount)}.</p>`
  return markup`${cut}${table('Errors of the broker, devices and commands', COLUMNS, errors)}`
}

const COLUMNS: readonly Column<ErrorReport>[] = [
  { title: 'At', cell: ({ at }) => time(at) },
  {
    title: 'What happened',
    cell: ({ code, message }) => markup`<code>${code}</code> ${shortened(message, 500)}`,
    kind: 'words',
  },
  { title: 'Device', cell: ({ device }) => device },
  {
    title: 'Command',
    cell: ({ command }) => command !== undefined && markup`<code>${shortened(command, 200)}</code>`,
    kind: 'words',
  },
  { title: 'Worker', cell: ({ worker }) => worker },
]
