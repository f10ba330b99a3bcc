import { randomBytes } from 'node:crypto'
import type { StatusEvent } from './status-event.ts'

export interface LoggedEvent {
  id: string
  at: string
  event: StatusEvent
}

interface Numbered {
  readonly number: number
  readonly logged: LoggedEvent
}

/** How many of each kind are kept for who comes back. */
const CAPACITY = 10_000

/**
 * The newest events of each kind, numbered from 1 in the order of all: however many commands there are, the
 * deaths stay. Their ids begin with a name that no other log has: who comes back with one of another log is not
 * given the wrong events.
 */
export class EventLog {
  readonly #name = randomBytes(6).toString('hex')
  readonly #capacity: number
  readonly #kinds = new Map<string, Newest>()
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
    const kind = kindOf(event)
    let newest = this.#kinds.get(kind)
    if (!newest) this.#kinds.set(kind, (newest = new Newest(this.#capacity)))
    newest.add({ number, logged: { id: this.idOf(number), at: at.toISOString(), event } })
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

  /** Those behind `number` up to `to`, at most so many, and how many of them are gone. */
  after(number: number, most: number): { missed: number; events: LoggedEvent[]; to: number } {
    const kept = [...this.#kinds.values()]
      .flatMap((newest) => newest.after(number, most))
      .toSorted((a, b) => a.number - b.number)
      .slice(0, most)
    const to = kept.at(-1)?.number ?? number
    return { missed: to - number - kept.length, events: kept.map(({ logged }) => logged), to }
  }
}

/** Of units by their state: no failure goes for those that are busy by turns. */
function kindOf(event: StatusEvent): string {
  return event.event === 'unit' ? `unit ${event.state}` : event.event
}

/** The newest so many, in their order. */
class Newest {
  readonly #capacity: number
  readonly #ring: Numbered[] = []
  #count = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  add(numbered: Numbered): void {
    this.#ring[this.#count++ % this.#capacity] = numbered
  }

  /** The first `most` behind `number`. */
  after(number: number, most: number): Numbered[] {
    let low = Math.max(0, this.#count - this.#capacity)
    let high = this.#count
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.#at(middle).number > number) high = middle
      else low = middle + 1
    }
    const length = Math.min(most, this.#count - low)
    return Array.from({ length }, (_, index) => this.#at(low + index))
  }

  #at(index: number): Numbered {
    return this.#ring[index % this.#capacity] as Numbered
  }
}
