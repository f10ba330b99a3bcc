import type { HealthEvent } from '../health/health-recorder.ts'
import type { RunReport, WorkerReport } from '../report.ts'

/** What a run does with its workers, as it is told to who watches. */
export type WorkerEvent =
  | { event: 'worker-started'; worker: string; attempt: number }
  /** An attempt failed; `attempt` is the one to come. */
  | { event: 'worker-retrying'; worker: string; attempt: number; delayMs: number; reason: string }
  | {
      event: 'worker-ended'
      worker: string
      status: WorkerReport['status']
      reason?: string
      durationMs?: number
    }

/** Everything that `GET /events` tells. */
export type StatusEvent =
  | HealthEvent
  | WorkerEvent
  | { event: 'run-finished'; status: RunReport['status']; exitCode: number; reason?: string }

export function workerEnded({ name, status, reason, durationMs }: WorkerReport): WorkerEvent {
  return {
    event: 'worker-ended',
    worker: name,
    status,
    ...(reason !== undefined && { reason }),
    ...(durationMs !== undefined && { durationMs }),
  }
}
