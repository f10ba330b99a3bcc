import type { Invariant } from './invariant.ts'

/** By the clock: nothing may block the event loop for long. */
const VERY_LATE_MS = 2_000

export const settlesInTime: Invariant = {
  name: 'settles-in-time',
  promise: 'every call settles by its deadline and 250 ms',
  *violations({ calls }) {
    for (const { line, device, timeoutMs, tookMs, late, outcome } of calls) {
      const call = `"${line}" on ${device}`
      if (outcome.kind === 'pending') yield `${call} never settled`
      else if (late || tookMs > timeoutMs + VERY_LATE_MS) {
        yield `${call} had ${timeoutMs} ms and settled after ${Math.round(tookMs)} ms`
      }
    }
  },
}
