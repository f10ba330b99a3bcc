import type { Clock, Timer } from './clock.ts'

export interface EventLimitOptions {
  /** At most this many are told within the window; of the urgent ones, this many as well. */
  maxEvents: number
  /** Length of the sliding window, in milliseconds. */
  withinMs: number
}

/**
 * Lets so many events through; of those beyond, only the latest is told, when there is room again, with
 * how many were folded into it. Urgent ones have room of their own: one is held up by urgent ones alone.
 */
export class EventLimit<Event> {
  readonly #options: EventLimitOptions
  readonly #clock: Clock
  readonly #tell: (event: Event, folded: number) => void
  readonly #toldAt: Record<Urgency, readonly number[]> = { urgent: [], usual: [] }
  #held: { latest: Event; urgency: Urgency; count: number; timer: Timer } | undefined

  constructor(
    tell: (event: Event, folded: number) => void,
    { clock, ...options }: EventLimitOptions & { clock: Clock },
  ) {
    this.#options = options
    this.#clock = clock
    this.#tell = tell
  }

  add(event: Event, urgency: Urgency): void {
    const delayMs = this.#delayMs(urgency)
    const held = this.#held
    if (delayMs === 0 && (urgency === 'urgent' || !held)) {
      held?.timer.cancel()
      this.#held = undefined
      return this.#pass(event, urgency, held?.count ?? 0)
    }
    const timer = held?.timer ?? this.#clock.startTimer(delayMs, () => this.flush())
    this.#held = { latest: event, urgency, count: (held?.count ?? 0) + 1, timer }
  }

  /** Tells now what is held, if anything is. */
  flush(): void {
    const held = this.#held
    if (!held) return
    held.timer.cancel()
    this.#held = undefined
    this.#pass(held.latest, held.urgency, held.count - 1)
  }

  #delayMs(urgency: Urgency): number {
    const { maxEvents, withinMs } = this.#options
    const oldest = this.#toldAt[urgency].at(-maxEvents)
    return oldest === undefined ? 0 : Math.max(0, oldest + withinMs - this.#clock.now())
  }

  #pass(event: Event, urgency: Urgency, folded: number): void {
    const { maxEvents } = this.#options
    this.#toldAt[urgency] = [...this.#toldAt[urgency], this.#clock.now()].slice(-maxEvents)
    this.#tell(event, folded)
  }
}

type Urgency = 'urgent' | 'usual'
