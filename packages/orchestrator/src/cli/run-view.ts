import type { Clock } from '@nac-broker/supervisor'
import type { WorkerActivity } from '../health/health-recorder.ts'
import type { WorkerReport } from '../report.ts'
import type { RunEvent } from '../run-options.ts'

/** A worker as the view has it. Moments are the clock's milliseconds. */
export type ViewedWorker =
  | { state: 'waiting' }
  | { state: 'running'; attempt: number; sinceMs: number }
  /** `attempt` is the one to come. */
  | { state: 'retrying'; attempt: number; dueMs: number; reason: string }
  | { state: 'ended'; worker: WorkerReport }

type Event<Name> = Extract<RunEvent, { event: Name }>
type WorkerEvent = Event<'worker-started' | 'worker-retrying' | 'worker-ended'>

/** What is known of a run while it goes on. */
export class RunView {
  readonly startedMs: number
  readonly maxParallel: number
  /** Of those that passed before the run was resumed there is nothing but the number. */
  readonly passedBefore: number
  readonly activity: (worker: string) => WorkerActivity
  readonly #clock: Clock
  readonly #workers: Map<string, ViewedWorker>
  #broker: string | undefined
  #stopping: string | undefined

  constructor({ workers, toDo, maxParallel, activity }: Event<'started'>, clock: Clock) {
    this.#clock = clock
    this.startedMs = clock.now()
    this.maxParallel = maxParallel
    this.passedBefore = workers - toDo.length
    this.activity = activity
    this.#workers = new Map(toDo.map((name) => [name, { state: 'waiting' }]))
  }

  /** In the order of the run. */
  get workers(): ReadonlyMap<string, ViewedWorker> {
    return this.#workers
  }

  /** What was last to be told of the broker. */
  get broker(): string | undefined {
    return this.#broker
  }

  /** That the run is being stopped, and how to be quicker. */
  get stopping(): string | undefined {
    return this.#stopping
  }

  take(event: WorkerEvent): void {
    const name = event.event === 'worker-ended' ? event.worker.name : event.worker
    this.#workers.set(name, this.#after(event))
  }

  tell(broker: string): void {
    this.#broker = broker
  }

  stop(line: string): void {
    this.#stopping = line
  }

  #after(event: WorkerEvent): ViewedWorker {
    const nowMs = this.#clock.now()
    switch (event.event) {
      case 'worker-started':
        return { state: 'running', attempt: event.attempt, sinceMs: nowMs }
      case 'worker-retrying': {
        const { attempt, delayMs, reason } = event
        return { state: 'retrying', attempt, dueMs: nowMs + delayMs, reason }
      }
      case 'worker-ended':
        return { state: 'ended', worker: event.worker }
    }
  }
}
