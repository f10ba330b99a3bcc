import type { CallJournal } from '../packages/chaos-tests/src/call-journal.fixture.ts'
import type { Table } from './question.ts'

/** What clients asked for while it went wrong around them, judged by the devices' own log. */
export interface Judged {
  readonly seed: number
  readonly journal: CallJournal
  /** What must not have been. */
  readonly violations: readonly string[]
}

/** @throws {Error} where something was that must not have been, with the seed of it */
export function requireNoViolation({ seed, violations }: Judged): void {
  if (violations.length === 0) return
  throw new Error(`NAC_BROKER_CHAOS_SEED=${seed}: ${violations.join('; ')}`)
}

const PROMISES =
  'a promise is broken by a change sent twice, an answer that no device sent, a call that settles too late'

/** Tables with a row for each kind of trouble. */
export function judgedTables(
  sample: string,
  troubles: readonly { what: string; judged: readonly Judged[] }[],
): Table[] {
  const late = troubles.map(({ what, judged }) => ({
    what,
    samples: judged.flatMap(({ journal }) => journal.latenessMs),
    bar: 'at most 250',
  }))
  const lateRows = late.filter(({ samples }) => samples.length > 0)
  const title = 'What has not settled by its deadline: how much later it does'
  return [
    ...(lateRows.length > 0 ? [{ title, unit: 'ms', digits: 1, rows: lateRows }] : []),
    {
      title: `${sample}; ${PROMISES}`,
      unit: 'by the device log',
      digits: 0,
      rows: troubles.flatMap(({ what, judged }) => [
        { what: `${what}: calls`, samples: judged.map(({ journal }) => journal.calls) },
        {
          what: `${what}: acknowledged`,
          samples: judged.map(({ journal }) => journal.acknowledged),
        },
        {
          what: `${what}: promises broken`,
          samples: judged.map(({ violations }) => violations.length),
          bar: '0, or this fails',
        },
      ]),
    },
  ]
}
