import { MAX_ERRORS } from '../health/health-recorder.ts'
import type { RunReport } from '../report.ts'
import { shortened, time } from './format.ts'
import { type Markup, markup } from './markup.ts'
import { type Column, table } from './table.ts'

type ErrorReport = RunReport['health']['errors'][number]

export function errorTable({ health: { errors } }: RunReport): Markup {
  if (errors.length === 0) return markup`<p>There were none.</p>`
  const cut = errors.length >= MAX_ERRORS && markup`<p>These are the first ${errors.length}.</p>`
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
  { title: 'Worker', cell: ({ worker }) => worker },
]
