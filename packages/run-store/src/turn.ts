import type { Clock } from '@nac-broker/supervisor'

/** A session that others wait for is given up after this much work, so that everybody has a turn. */
const MAX_COMMANDS = 10
const MAX_MS = 1_000

/** What a session has done since its slot was taken. */
export class Turn {
  readonly #clock: Clock
  readonly #startedMs: number
  #commands = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedMs = clock.now()
  }

  /** It has carried out one command more. */
  served(): void {
    this.#commands++
  }

  get commands(): number {
    return this.#commands
  }

  get isOver(): boolean {
    return this.#commands >= MAX_COMMANDS || this.#clock.now() - this.#startedMs >= MAX_MS
  }
}
