import { randomBytes } from 'node:crypto'
import type { StatusEvent } from './status-event.ts'

export interface LoggedEvent {
  id: string
  at: string
  event: StatusEvent
}

/** How many are kept for who comes back. */
const CAPACITY = 10_000

/**
 * The newest events, numbered from 1. Their ids begin with a name that no other log has: who comes back
 * with one of another log is not given the wrong events.
 */
export class EventLog {
  readonly #name = randomBytes(6).toString('hex')
  readonly #capacity: number
  readonly #ring: LoggedEvent[] = []
  #last = 0

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity
  }

  /** The number of the newest, 0 when there is none. */
  get last(): number {
    return this.#last
  }

  append(event: StatusEvent, at: Date): void {
    const number = ++this.#last
    const logged = { id: this.idOf(number), at: at.toISOString(), event }
    this.#ring[number % this.#capacity] = logged
  }

  idOf(number: number): string {
    return `${this.#name}-${number}`
  }

  /** Undefined for an id that this log has never given. */
  numberOf(id: string): number | undefined {
    const [, name, digits] = /^([0-9a-f]+)-(\d{1,15})$/.exec(id) ?? []
    const number = Number(digits)
    return name === this.#name && number <= this.#last ? number : undefined
  }

  /** Those behind `number`, at most so many, and how many before them are gone. */
  after(number: number, most: number): { missed: number; events: LoggedEvent[]; to: number } {
    const oldest = Math.max(1, this.#last - this.#capacity + 1)
    const from = Math.max(number + 1, oldest)
    const to = Math.min(this.#last, from + most - 1)
    const events: LoggedEvent[] = []
    for (let next = from; next <= to; next++) {
      const event = this.#ring[next % this.#capacity]
      if (event) events.push(event)
    }
    return { missed: from - number - 1, events, to }
  }
}
