import type { GenerationReport, RunReport } from '../report.ts'
import { count, dateAndTime, duration, policyInWords } from './format.ts'
import { type Markup, markup } from './markup.ts'
import { type Column, table } from './table.ts'

/** Its generations, and why each was lost. */
export function brokerSection({ broker, policy }: RunReport): Markup {
  if (broker.generations.length === 0) return markup`<p>The run ended before there was one.</p>`
  const lost = broker.generations.filter((one) => one.lost !== undefined).length
  const restarts =
    broker.restarts === 0 ? 'not restarted' : `restarted ${count(broker.restarts, 'time')}`
  const story =
    lost === 0
      ? 'It ran from the beginning to the end.'
      : `It was lost ${count(lost, 'time')} and ${restarts}; the policy was ${policyInWords(policy)}.`
  return markup`<p>${story}</p>
${table('Generations of the broker', COLUMNS, broker.generations)}`
}

const COLUMNS: readonly Column<GenerationReport>[] = [
  { title: 'Generation', cell: ({ generation }) => generation },
  { title: 'Started', cell: ({ startedAt }) => dateAndTime(startedAt) },
  { title: 'Ran', cell: lifeOf, kind: 'number' },
  { title: 'Process', cell: ({ pid }) => pid, kind: 'number' },
  { title: 'Lost because', cell: ({ lost }) => lost ?? 'not lost', kind: 'words' },
]

function lifeOf({ startedAt, endedAt }: GenerationReport): string {
  if (endedAt === undefined) return 'to the end'
  return duration(Date.parse(endedAt) - Date.parse(startedAt))
}
