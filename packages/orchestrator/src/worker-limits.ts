import { BrokerError } from '@nac-broker/protocol'
import type { Clock, Timer } from '@nac-broker/supervisor'
import type { PlannedWorker } from './worker-plan.ts'

export interface WorkerLimits extends Disposable {
  /** Aborted, with the error that says which, when the worker has reached one of its limits. */
  readonly exceeded: AbortSignal
}

/**
 * Watches a worker's whole time and its silence. The last sign of life is asked for when the worker
 * could have been silent for too long at the earliest, and never in between.
 */
export function watchLimits(
  { timeoutMs, idleTimeoutMs }: Pick<PlannedWorker, 'timeoutMs' | 'idleTimeoutMs'>,
  { clock, lastSign }: { clock: Clock; lastSign: () => Date },
): WorkerLimits {
  const controller = new AbortController()
  const exceed = (what: string, ms: number): void =>
    controller.abort(new BrokerError('DEADLINE_EXCEEDED', `${what} ${ms / 1000} s`))
  let whole: Timer | undefined
  let idle: Timer | undefined
  const lookIn = (delayMs: number, limitMs: number): void => {
    idle = clock.startTimer(delayMs, () => {
      const silentMs = clock.wallTime().getTime() - lastSign().getTime()
      if (silentMs >= limitMs) exceed('silent for', limitMs)
      // However the calendar's time was set meanwhile.
      else lookIn(Math.min(limitMs, limitMs - silentMs), limitMs)
    })
  }
  if (timeoutMs !== undefined) {
    whole = clock.startTimer(timeoutMs, () => exceed('not finished after', timeoutMs))
  }
  if (idleTimeoutMs !== undefined) lookIn(idleTimeoutMs, idleTimeoutMs)
  return {
    exceeded: controller.signal,
    [Symbol.dispose]() {
      whole?.cancel()
      idle?.cancel()
    },
  }
}
