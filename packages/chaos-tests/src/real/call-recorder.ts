import { type BrokerClient, BrokerError } from '@nac-broker/client'
import type { Clock } from '@nac-broker/supervisor'
import type { CallOutcome, CallRecord } from '../schedules/evidence.ts'
import type { PlannedCall } from '../schedules/schedule.ts'

/** What a call may take beyond its deadline, in slices that this process was there for. */
const LATE_MS = 250
const SLICE_MS = 10

export interface CallRecorder {
  readonly calls: readonly CallRecord[]
  /** Never rejects: how it ended is on record. */
  call(client: BrokerClient, planned: PlannedCall, caller: string): Promise<void>
}

/** `logLength` tells how much of the devices' log there is. */
export function recordCalls(
  clock: Clock,
  logLength: () => number,
  onSettled: () => void,
): CallRecorder {
  const calls: CallRecord[] = []
  return {
    calls,
    async call(client, planned, caller) {
      const { device, line, timeoutMs, key } = planned
      const startedMs = clock.now()
      const asked = { askedAt: logLength(), startedMs }
      const settles = { settledAt: Infinity, tookMs: 0, late: false }
      const outcome = { kind: 'pending' } as const
      const record: CallRecord = { ...planned, caller, ...asked, ...settles, outcome }
      calls.push(record)
      const settled = new AbortController()
      void noteLateness(record, clock, settled.signal)
      try {
        const options = { timeoutMs, ...(key !== undefined && { key }) }
        const { output, cached } = await client.execute(device, line, options)
        record.outcome = { kind: 'acknowledged', output, cached }
      } catch (error) {
        record.outcome = failure(error)
      }
      settled.abort()
      record.tookMs = clock.now() - startedMs
      record.settledAt = logLength()
      onSettled()
    },
  }
}

async function noteLateness(record: CallRecord, clock: Clock, settled: AbortSignal): Promise<void> {
  try {
    await clock.sleep(record.timeoutMs, settled)
    for (let ms = 0; ms < LATE_MS; ms += SLICE_MS) await clock.sleep(SLICE_MS, settled)
    record.late = true
  } catch {
    // It has settled in time.
  }
}

function failure(error: unknown): CallOutcome {
  if (!(error instanceof BrokerError)) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { kind: 'failed', code: undefined, sent: undefined, message }
  }
  const { code, sent, message } = error
  return { kind: 'failed', code, sent, message }
}
