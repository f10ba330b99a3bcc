import type { FailureDetector, Unit } from '@nac-broker/supervisor'
import type { AttemptReport } from './report.ts'
import type { WorkerEnd } from './worker.ts'

/** How workers fare, from what their attempts do: each is a life of its worker. */
export class WorkerUnits {
  readonly #detector: FailureDetector

  constructor(detector: FailureDetector) {
    this.#detector = detector
  }

  starting(worker: string): void {
    this.#detector.start(unitOf(worker))
  }

  ready(worker: string): void {
    this.#detector.tell(unitOf(worker).name, 'ready')
  }

  stopping(worker: string): void {
    this.#detector.tell(unitOf(worker).name, 'stopping')
  }

  /** Said of one that has ended already it changes nothing. */
  ended(worker: string, end: WorkerEnd | AttemptReport): void {
    const { name } = unitOf(worker)
    if (end.status === 'failed') this.#detector.fail(name, end.reason ?? '')
    else this.#detector.tell(name, 'stopped')
  }
}

function unitOf(worker: string): Unit {
  return { name: `worker ${worker}`, kind: 'worker' }
}
