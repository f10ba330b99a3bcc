import type { Outages } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'

/** What a client goes through with its brokers; it tells the next one, or the run's store. */
export class OutageRecord {
  readonly #clock: Clock
  #disconnects = 0
  #heartbeatsMissed = 0
  #downMs = 0
  #downSince: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A broker was lost that had left so many signs of life out. */
  began(heartbeatsMissed: number): void {
    this.#disconnects++
    this.#heartbeatsMissed += heartbeatsMissed
    this.#downSince = this.#clock.now()
  }

  /** There is one again, or none is needed any more. */
  ended(): void {
    this.#downMs = this.#downtimeMs
    this.#downSince = undefined
  }

  /** All of it until now; undefined where there is nothing. */
  get soFar(): Outages | undefined {
    if (this.#disconnects === 0) return undefined
    return {
      disconnects: this.#disconnects,
      downtimeMs: this.#downtimeMs,
      heartbeatsMissed: this.#heartbeatsMissed,
    }
  }

  get #downtimeMs(): number {
    const since = this.#downSince
    return since === undefined ? this.#downMs : this.#downMs + this.#clock.now() - since
  }
}
