import type { Invariant } from './invariant.ts'

/** By the clock: nothing may block the event loop for long. */
const VERY_LATE_MS = 2_000
/** A client knows that its broker has gone for good within milliseconds; the rest is for a busy machine. */
const KNOWN_MS = 1_500

export const settlesInTime: Invariant = {
  name: 'settles-in-time',
  promise: 'every call settles by its deadline and 250 ms, and when the run is aborted at once',
  *violations({ calls, turns }) {
    const abortedMs = turns.find(({ event }) => event.event === 'aborted')?.atMs ?? Infinity
    for (const { line, device, timeoutMs, startedMs, tookMs, lagMs, late, outcome } of calls) {
      const call = `"${line}" on ${device}`
      if (outcome.kind === 'pending') yield `${call} never settled`
      else if (late || tookMs > timeoutMs + lagMs + VERY_LATE_MS) {
        yield `${call} had ${timeoutMs} ms and settled after ${Math.round(tookMs)} ms`
      } else if (startedMs + tookMs > Math.max(startedMs, abortedMs) + lagMs + KNOWN_MS) {
        yield `${call} settled ${Math.round(startedMs + tookMs - abortedMs)} ms after the run was aborted`
      }
    }
  },
}
