import type { Clock } from '@nac-broker/supervisor'
import type { CallOutcome, CallRecord } from '../schedules/evidence.ts'
import type { PlannedCall } from '../schedules/schedule.ts'
import type { ScheduleClient } from './schedule-client.ts'

export interface CallRecorder {
  readonly calls: readonly CallRecord[]
  /** Never rejects: how it ended is on record. */
  call(client: ScheduleClient, planned: PlannedCall, caller: string): Promise<CallOutcome>
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
      const asked = { askedAt: logLength(), startedMs: clock.now() }
      const settles = { settledAt: Infinity, tookMs: 0, late: false, lagMs: 0, waitedMs: 0 }
      const outcome = { kind: 'pending' } as const
      const record: CallRecord = { ...planned, caller, ...asked, ...settles, outcome }
      calls.push(record)
      Object.assign(record, await client.call(planned))
      record.settledAt = logLength()
      onSettled()
      return record.outcome
    },
  }
}

/** A caller makes one call after the other. */
export async function callAll(
  client: ScheduleClient,
  calls: readonly PlannedCall[],
  { recorder, caller }: { recorder: CallRecorder; caller: string },
): Promise<void> {
  for (const call of calls) {
    if (client.over.aborted) return
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await recorder.call(client, call, caller)
  }
}
