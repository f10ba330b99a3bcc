import { type BrokerClient, BrokerError } from '@nac-broker/client'
import type { Clock } from '@nac-broker/supervisor'
import type { CallOutcome, CallRecord } from '../schedules/evidence.ts'
import type { PlannedCall } from '../schedules/schedule.ts'

/** A client of a schedule, in this process or in one of its own. */
export interface ScheduleClient {
  /** Never rejects: how it ended is in what it resolves with. */
  call(planned: PlannedCall): Promise<SettledCall>
  /** Aborted when it can ask for nothing more. */
  readonly over: AbortSignal
}

/** What a client knows of a call that it has made. */
export type SettledCall = Pick<CallRecord, 'tookMs' | 'late' | 'lagMs' | 'waitedMs' | 'outcome'>

/** Of a call whose client's process was killed: it cannot be late. */
export const CLIENT_DIED: SettledCall = {
  tookMs: 0,
  late: false,
  lagMs: 0,
  waitedMs: 0,
  outcome: { kind: 'client-died' },
}

/** What a call may take beyond its deadline, in slices that its process was there for. */
const LATE_MS = 250
const SLICE_MS = 10

/** For how long, so far, its process was kept from running, and had no processor. */
export interface Excuses {
  lagMs: () => number
  waitedMs: () => number
}

const NONE: Excuses = { lagMs: () => 0, waitedMs: () => 0 }

/** One whose process lives as long as the schedule does. */
export function inThisProcess(
  client: BrokerClient,
  clock: Clock,
  excuses: Partial<Excuses> = {},
): ScheduleClient {
  const all = { ...NONE, ...excuses }
  return { over: client.lost, call: (planned) => makeCall(client, planned, clock, all) }
}

export async function makeCall(
  client: BrokerClient,
  { device, line, timeoutMs, key, configures }: PlannedCall,
  clock: Clock,
  { lagMs, waitedMs }: Excuses,
): Promise<SettledCall> {
  const startedMs = clock.now()
  const laggedMs = lagMs()
  const waitedBeforeMs = waitedMs()
  const settled = new AbortController()
  const watched = { late: false }
  void noteLateness(watched, timeoutMs, clock, settled.signal)
  const options = { timeoutMs, ...(key !== undefined && { key }) }
  const making = configures
    ? client.configure(device, [line], options).then((result) => ({ ...result, cached: false }))
    : client.execute(device, line, options)
  const outcome = await making.then(
    ({ output, cached }): CallOutcome => ({ kind: 'acknowledged', output, cached }),
    failure,
  )
  settled.abort()
  const tookMs = clock.now() - startedMs
  return {
    outcome,
    tookMs,
    late: watched.late,
    lagMs: lagMs() - laggedMs,
    waitedMs: waitedMs() - waitedBeforeMs,
  }
}

async function noteLateness(
  watched: { late: boolean },
  timeoutMs: number,
  clock: Clock,
  settled: AbortSignal,
): Promise<void> {
  try {
    await clock.sleep(timeoutMs, settled)
    for (let ms = 0; ms < LATE_MS; ms += SLICE_MS) await clock.sleep(SLICE_MS, settled)
    watched.late = true
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
