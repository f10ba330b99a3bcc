import type { CallRecord, Evidence } from '../schedules/evidence.ts'
import type { Invariant } from './invariant.ts'

export const outcomesAreKept: Invariant = {
  name: 'outcomes-are-kept',
  promise: 'a change that was acknowledged has that outcome whenever it is asked for again',
  *violations({ calls, injected }) {
    const known = calls.filter(
      ({ key, outcome }) => key !== undefined && outcome.kind === 'acknowledged',
    )
    for (const { line, device, key, askedAt, outcome } of calls) {
      const before = known.find(
        (one) =>
          one.key === key && one.device === device && one.line === line && one.settledAt < askedAt,
      )
      if (before?.outcome.kind !== 'acknowledged') continue
      const call = `"${line}" on ${device}, acknowledged before,`
      if (outcome.kind === 'failed' && outcome.code === 'OUTCOME_UNKNOWN') {
        if (!isForgotten(before, injected)) yield `${call} failed of ${outcome.message}`
      } else if (outcome.kind === 'acknowledged' && outcome.output !== before.outcome.output) {
        yield `${call} had another outcome, "${outcome.output}"`
      }
    }
  },
}

/** The outcome is written down before the call is answered; what its caller's process says of it may come later. */
const TOLD_MS = 500

/** What could not be written down is not known later. */
function isForgotten({ startedMs, tookMs }: CallRecord, injected: Evidence['injected']): boolean {
  return injected.some(
    ({ name, fromMs, toMs = Infinity }) =>
      name === 'disk-full' && fromMs <= startedMs + tookMs + TOLD_MS && startedMs <= toMs,
  )
}
