import type { RunReport, WorkerReport } from '../report.ts'
import { count, duration, inWords, shortened } from './format.ts'
import { type Markup, markup, type Part } from './markup.ts'
import { type Column, table } from './table.ts'

const LONGEST_REASON = 300
const LONGEST_EARLIER_REASON = 100
const EARLIER_ATTEMPTS = 3

export function workerTable({ workers }: RunReport): Markup {
  const passed = workers.filter(({ status }) => status === 'passed')
  const others = workers.filter(({ status }) => status !== 'passed')
  return markup`<p>Those that have not passed come first. A name leads to the worker's log.</p>
${table('Every worker', COLUMNS, [...others, ...passed])}`
}

const COLUMNS: readonly Column<WorkerReport>[] = [
  { title: 'Worker', cell: ({ name, log }) => (log === undefined ? name : link(name, log)) },
  {
    title: 'Status',
    cell: ({ status }) => markup`<span class="status ${status}">${inWords(status)}</span>`,
  },
  { title: 'Why', cell: whyOf, kind: 'words' },
  { title: 'Attempts', cell: ({ attempts }) => attempts.length, kind: 'number' },
  {
    title: 'Took',
    cell: ({ durationMs }) => durationMs !== undefined && duration(durationMs),
    kind: 'number',
  },
]

/** Of one that was run again also what became of its last attempts before. */
function whyOf({ reason = '', attempts }: WorkerReport): Part {
  const earlier = attempts.slice(0, -1)
  const told = earlier.slice(-EARLIER_ATTEMPTS)
  const rest = earlier.length - told.length
  const items = told.map(
    (one) =>
      markup`<li>attempt ${one.attempt} ${one.status} after ${duration(one.durationMs)}: ${shortened(one.reason ?? one.status, LONGEST_EARLIER_REASON)}</li>`,
  )
  const more = rest > 0 && markup`<li>and ${count(rest, 'attempt')} before</li>`
  return [shortened(reason, LONGEST_REASON), earlier.length > 0 && markup`<ul>${items}${more}</ul>`]
}

/** A log's name is that of a file, of which a URL is still to be made. */
function link(name: string, log: string): Markup {
  const href = log.split('/').map(encodeURIComponent).join('/')
  return markup`<a href="${href}">${name}</a>`
}
