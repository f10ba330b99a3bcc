import type { RunEndEvent, WorkerEvent } from '@nac-broker/protocol'
import type { HealthEvent } from '../health/health-recorder.ts'
import type { WorkerReport } from '../report.ts'

/** Everything that `GET /events` tells. */
export type StatusEvent = HealthEvent | WorkerEvent | RunEndEvent

export function workerEnded({ name, status, reason, durationMs }: WorkerReport): WorkerEvent {
  return {
    event: 'worker-ended',
    worker: name,
    status,
    ...(reason !== undefined && { reason }),
    ...(durationMs !== undefined && { durationMs }),
  }
}
