import type { Clock, Timer } from '@nac-broker/supervisor'

/** In milliseconds. */
const BETWEEN_MS = 1
const MOST_TURNS = 30

/**
 * Does what it is given in its order, a few pieces at once and others a millisecond later, and all that waits in no
 * more than 30 turns: done in one go it would keep others on the machine from a processor for milliseconds.
 */
export class Turns {
  readonly #atOnce: number
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #perTurn = 0
  #next: Timer | undefined

  constructor(atOnce: number, clock: Clock) {
    this.#atOnce = atOnce
    this.#clock = clock
  }

  add(pieces: readonly (() => void)[]): void {
    this.#waiting.push(...pieces)
    this.#perTurn = Math.max(this.#atOnce, Math.ceil(this.#waiting.length / MOST_TURNS))
    if (!this.#next) this.#take()
  }

  /** Does now what is left. */
  finish(): void {
    this.#next?.cancel()
    this.#next = undefined
    for (const piece of this.#waiting.splice(0)) piece()
  }

  #take(): void {
    for (const piece of this.#waiting.splice(0, this.#perTurn)) piece()
    const isOver = this.#waiting.length === 0
    this.#next = isOver ? undefined : this.#clock.startTimer(BETWEEN_MS, () => this.#take())
  }
}
