import type { Clock } from '@nac-broker/supervisor'
import type { WorkerState } from './failure-policy.ts'
import type { AttemptReport, WorkerReport } from './report.ts'
import type { WorkerEnd } from './worker.ts'
import type { Pause } from './journal-lines.ts'
import type { PlannedWorker } from './worker-plan.ts'

/** What a run that is resumed has had of a worker. */
export interface Before {
  attempts: readonly AttemptReport[]
  /** How it has passed, if it has. */
  passed: WorkerReport | undefined
  /** When nobody did the run. */
  pauses: readonly Pause[]
}

type FinalState = WorkerReport['status']

/** One worker through its attempts. */
export class WorkerRecord {
  readonly worker: PlannedWorker
  readonly #clock: Clock
  readonly #before: Before
  readonly #attempts: AttemptReport[] = []
  #state: WorkerState = 'waiting'
  #reason: string | undefined
  #running: { attempt: number; startedAt: string; startedMs: number } | undefined

  constructor(worker: PlannedWorker, clock: Clock, before: Before) {
    this.worker = worker
    this.#clock = clock
    this.#before = before
    if (before.passed) this.#state = 'passed'
  }

  /** In this process; what the run did before it was resumed does not count. */
  get tries(): number {
    return this.#attempts.length
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

  /** Returns the attempt's number, counted from the run's first, and when it begins. */
  begin(): { attempt: number; startedAt: string } {
    const attempt = (this.#all().at(-1)?.attempt ?? 0) + 1
    const startedAt = this.#clock.wallTime().toISOString()
    const startedMs = this.#clock.now()
    this.#state = 'running'
    this.#running = { attempt, startedAt, startedMs }
    return { attempt, startedAt }
  }

  /** The attempt that runs, if one does, has ended. */
  end(end: WorkerEnd): void {
    if (!this.#running) return
    const { attempt, startedAt, startedMs } = this.#running
    this.#running = undefined
    const durationMs = Math.round(this.#clock.now() - startedMs)
    const { isFutile: _, ...seen } = { isFutile: false, ...end }
    this.#attempts.push({ attempt, ...seen, startedAt, durationMs })
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
    if (this.#before.passed) return this.#before.passed
    const { name, group, device } = this.worker
    const { reason, lastAttempt } = this
    const attempts = this.#all()
    const [first] = attempts
    return {
      name,
      ...(group !== undefined && { group }),
      status: this.#state as FinalState,
      ...(device !== undefined && { device }),
      ...(lastAttempt?.exitCode !== undefined && { exitCode: lastAttempt.exitCode }),
      ...(lastAttempt?.signal !== undefined && { signal: lastAttempt.signal }),
      ...(reason !== undefined && { reason }),
      ...(first && {
        startedAt: first.startedAt,
        durationMs: spanOf(attempts, this.#before.pauses),
        log,
      }),
      attempts,
    }
  }

  #all(): AttemptReport[] {
    return [...this.#before.attempts, ...this.#attempts]
  }
}

/** From the first attempt's start to the last one's end, by the calendar, without the pauses: they may be days. */
function spanOf(attempts: readonly AttemptReport[], pauses: readonly Pause[]): number {
  const [first, last] = [attempts[0], attempts.at(-1)]
  if (!first || !last) return 0
  const from = Date.parse(first.startedAt)
  const to = Date.parse(last.startedAt) + last.durationMs
  const paused = pauses.map((pause) =>
    Math.max(0, Math.min(to, Date.parse(pause.to)) - Math.max(from, Date.parse(pause.from))),
  )
  return to - from - paused.reduce((sum, ms) => sum + ms, 0)
}
