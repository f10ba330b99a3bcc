import type { Clock, FailureDetector, Timer, Unit } from '@nac-broker/supervisor'

/** A device that has had nothing to do for so long is idle: not between two commands. */
const IDLE_MS = 1_000

/** How a device, from what its sessions do, or one session fares: told to the failure detector, which tells the rest. */
export class LaneUnit {
  readonly #unit: Unit
  readonly #detector: FailureDetector
  readonly #clock: Clock
  #isStopping = false
  #idle: Timer | undefined

  constructor(unit: Unit, detector: FailureDetector, clock: Clock) {
    this.#unit = unit
    this.#detector = detector
    this.#clock = clock
  }

  /** Somebody logs in. While there are sessions, that is nothing new. */
  starting(): void {
    // What is still being closed is of its last life.
    if (this.#isStopping) this.stopped()
    this.#detector.start(this.#unit)
  }

  ready(): void {
    this.starting()
    this.#detector.tell(this.#unit.name, 'ready')
  }

  busy(): void {
    this.#idle?.cancel()
    this.#detector.tell(this.#unit.name, 'busy')
  }

  /** None of its sessions has anything to do; told when that has been so for a while. */
  nothingToDo(): void {
    this.#idle?.cancel()
    this.#idle = this.#clock.startTimer(IDLE_MS, () => {
      this.#detector.tell(this.#unit.name, 'idle')
    })
  }

  /** Its last session is being closed, and not by the device. */
  stopping(): void {
    this.#isStopping = true
    this.#detector.tell(this.#unit.name, 'stopping')
  }

  stopped(): void {
    this.#over()
    this.#detector.tell(this.#unit.name, 'stopped')
  }

  failed(cause: string): void {
    this.#over()
    this.#detector.fail(this.#unit.name, cause)
  }

  #over(): void {
    this.#isStopping = false
    this.#idle?.cancel()
  }
}
