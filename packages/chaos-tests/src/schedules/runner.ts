/** A process that runs one schedule after the other, as it is told. */
import { inspect } from 'node:util'
import { type Asked, runOne, type Verdict } from './run-one.ts'

process.on('message', (asked: Asked) => {
  void runOne(asked)
    .catch((error: unknown) => failed(asked, error))
    .then((verdict) => process.send?.(verdict))
})
process.on('disconnect', () => process.exit())

/** What the run itself fails of, and not a call in it, nobody has foreseen. */
function failed(asked: Asked, error: unknown): Verdict {
  const violations = [{ invariant: 'nothing-hangs-or-dies', what: inspect(error) }]
  const { page: _page, ...which } = asked
  return { ...which, drawn: 0, tookMs: 0, violations, timeline: [] }
}
