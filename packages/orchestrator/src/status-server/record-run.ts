import type { RunEvent } from '../run-options.ts'
import type { RunStatus } from './run-status.ts'
import { workerEnded } from './status-event.ts'

/** Takes in what a run does, beside what happens in its broker. */
export function recordRun(status: RunStatus, event: RunEvent): void {
  switch (event.event) {
    case 'started':
      return status.begin(event.toDo)
    case 'worker-started':
    case 'worker-retrying':
      return status.record(event)
    case 'worker-ended':
      return status.record(workerEnded(event.worker))
    case 'finished': {
      const { status: result, exitCode, reason } = event.report
      return status.record({
        event: 'run-finished',
        status: result,
        exitCode,
        ...(reason !== undefined && { reason }),
      })
    }
    default:
  }
}
