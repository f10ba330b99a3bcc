import type { Clock, FailureDetector } from '@nac-broker/supervisor'
import { LaneUnit } from './lane-unit.ts'

/**
 * The sessions of a device as units: `session r1#1`, `session r1#2`. A number that is free again is given to a later
 * session, so that there are never more units than sessions at a time. A device that has but one is that unit
 * itself, and nothing is told twice.
 */
export class SessionUnits {
  readonly #device: string
  readonly #maxSessions: number
  readonly #detector: FailureDetector
  readonly #clock: Clock
  readonly #free: LaneUnit[] = []
  #made = 0

  constructor(device: string, maxSessions: number, detector: FailureDetector, clock: Clock) {
    this.#device = device
    this.#maxSessions = maxSessions
    this.#detector = detector
    this.#clock = clock
  }

  /** For a login that begins. */
  take(): LaneUnit | undefined {
    if (this.#maxSessions === 1) return undefined
    return this.#free.pop() ?? this.#make()
  }

  /** Its session is over, or the login has failed. */
  give(unit: LaneUnit | undefined): void {
    if (unit) this.#free.push(unit)
  }

  #make(): LaneUnit {
    const name = `session ${this.#device}#${++this.#made}`
    return new LaneUnit({ name, kind: 'session' }, this.#detector, this.#clock)
  }
}
