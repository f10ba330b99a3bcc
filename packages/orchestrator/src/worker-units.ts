import type { FailureDetector, Unit } from '@nac-broker/supervisor'
import type { AttemptReport } from './report.ts'

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

  ended(worker: string, { status, reason = '' }: AttemptReport): void {
    const { name } = unitOf(worker)
    if (status === 'failed') this.#detector.fail(name, reason)
    else this.#detector.tell(name, 'stopped')
  }
}

function unitOf(worker: string): Unit {
  return { name: `worker ${worker}`, kind: 'worker' }
}
