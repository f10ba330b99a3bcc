import type { CallRecord, Evidence } from '../schedules/evidence.ts'
import type { Invariant } from './invariant.ts'

/** By the clock, but for what its process had no processor: nothing may block the event loop for long. */
const VERY_LATE_MS = 2_000
/** A client knows that its broker has gone for good within milliseconds; the rest is for a busy machine. */
const KNOWN_MS = 1_500

export const settlesInTime: Invariant = {
  name: 'settles-in-time',
  promise: 'every call settles by its deadline and 250 ms, and when the run is aborted at once',
  *violations(evidence) {
    const { calls, turns } = evidence
    const abortedMs = turns.find(({ event }) => event.event === 'aborted')?.atMs ?? Infinity
    for (const one of calls) {
      const { line, device, timeoutMs, startedMs, tookMs, waitedMs, late, outcome } = one
      const call = `"${line}" on ${device}`
      const lagMs = Math.max(waitedMs, wasStopped(one, evidence) ? one.lagMs : 0)
      if (outcome.kind === 'pending') yield `${call} never settled`
      else if (late || tookMs > timeoutMs + lagMs + VERY_LATE_MS) {
        yield `${call} had ${timeoutMs} ms and settled after ${Math.round(tookMs)} ms`
      } else if (startedMs + tookMs > Math.max(startedMs, abortedMs) + lagMs + KNOWN_MS) {
        yield `${call} settled ${Math.round(startedMs + tookMs - abortedMs)} ms after the run was aborted`
      }
    }
  },
}

/** Whether its client was SIGSTOPped in this time; a client that blocks itself has no excuse. */
function wasStopped({ caller, startedMs, tookMs }: CallRecord, evidence: Evidence): boolean {
  const { injected, schedule } = evidence
  const number = Number(caller.split('.')[0])
  return injected.some(({ name, args, fromMs, toMs = Infinity }) => {
    if (name !== 'client-process-stopped') return false
    const { client } = args as { client: number }
    const isIt = (client % schedule.clients.length) + 1 === number
    return isIt && fromMs <= startedMs + tookMs && startedMs <= toMs
  })
}
