import type { Invariant } from './invariant.ts'

export const outcomesAreKept: Invariant = {
  name: 'outcomes-are-kept',
  promise: 'a change that was acknowledged has that outcome whenever it is asked for again',
  *violations({ calls, injected }) {
    // What could not be written down is not known later.
    const isForgotten = injected.some(({ name }) => name === 'disk-full')
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
        if (!isForgotten) yield `${call} failed of ${outcome.message}`
      } else if (outcome.kind === 'acknowledged' && outcome.output !== before.outcome.output) {
        yield `${call} had another outcome, "${outcome.output}"`
      }
    }
  },
}
