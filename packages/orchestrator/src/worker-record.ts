import type { Clock } from '@nac-broker/supervisor'
import type { WorkerState } from './failure-policy.ts'
import type { AttemptReport, WorkerReport } from './report.ts'
import type { WorkerEnd } from './worker.ts'
import type { PlannedWorker } from './worker-plan.ts'

type FinalState = WorkerReport['status']

/** One worker through its attempts. */
export class WorkerRecord {
  readonly worker: PlannedWorker
  readonly #clock: Clock
  readonly #attempts: AttemptReport[] = []
  #state: WorkerState = 'waiting'
  #reason: string | undefined
  #running: { attempt: number; startedAt: string; startedMs: number } | undefined
  #firstStartMs = 0
  #lastEndMs = 0

  constructor(worker: PlannedWorker, clock: Clock) {
    this.worker = worker
    this.#clock = clock
  }

  get state(): WorkerState {
    return this.#state
  }

  /** Why it has not passed: of the last attempt, where nothing else is known. */
  get reason(): string | undefined {
    return this.#reason ?? this.#attempts.at(-1)?.reason
  }

  get lastAttempt(): AttemptReport | undefined {
    return this.#attempts.at(-1)
  }

  /** Whether no attempt follows. */
  get isOver(): boolean {
    return this.#state !== 'waiting' && this.#state !== 'running'
  }

  begin(attempt: number): void {
    const startedAt = this.#clock.wallTime().toISOString()
    const startedMs = this.#clock.now()
    if (attempt === 1) this.#firstStartMs = startedMs
    this.#state = 'running'
    this.#running = { attempt, startedAt, startedMs }
  }

  /** The attempt that runs, if one does, has ended. */
  end(end: WorkerEnd): void {
    if (!this.#running) return
    const { attempt, startedAt, startedMs } = this.#running
    this.#running = undefined
    this.#lastEndMs = this.#clock.now()
    const durationMs = Math.round(this.#lastEndMs - startedMs)
    this.#attempts.push({ attempt, ...end, startedAt, durationMs })
  }

  /** The last attempt failed because the broker was lost, which is not its own doing. */
  excuse(): void {
    const last = this.#attempts.at(-1)
    if (last?.status !== 'failed') return
    last.status = 'cancelled'
    last.reason = `${last.reason}; the broker was lost`
  }

  conclude(state: FinalState, reason?: string): void {
    this.#state = state
    this.#reason = reason
  }

  /** Once it is concluded. `log` is its log's path in the report directory. */
  report(log: string): WorkerReport {
    const { name, device } = this.worker
    const { reason, lastAttempt } = this
    const [first] = this.#attempts
    return {
      name,
      status: this.#state as FinalState,
      ...(device !== undefined && { device }),
      ...(lastAttempt?.exitCode !== undefined && { exitCode: lastAttempt.exitCode }),
      ...(lastAttempt?.signal !== undefined && { signal: lastAttempt.signal }),
      ...(reason !== undefined && { reason }),
      ...(first && {
        startedAt: first.startedAt,
        durationMs: Math.round(this.#lastEndMs - this.#firstStartMs),
        log,
      }),
      attempts: this.#attempts,
    }
  }
}
