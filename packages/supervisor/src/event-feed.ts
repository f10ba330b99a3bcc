/** How many unread events a slow reader may have before the oldest are left out. */
const MAX_UNREAD = 10_000

interface Reader<Event> {
  readonly unread: Event[]
  leftOut: number
  wake: (() => void) | undefined
}

/** A typed stream of events: any number of readers, none of which can slow the source down. */
export class EventFeed<Event> {
  readonly #listeners = new Set<(event: Event) => void>()
  readonly #ended = new AbortController()
  readonly #missed: (count: number) => Event

  /** `missed` makes the event that tells a slow reader how many it did not get. */
  constructor(missed: (count: number) => Event) {
    this.#missed = missed
  }

  /** Whether anybody listens. */
  get listened(): boolean {
    return this.#listeners.size > 0
  }

  emit(event: Event): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** Calls `listener` for each event from now on; returns what ends that. */
  subscribe(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * The events from now on, until the loop is left, `signal` aborted or the feed ended. A stream that
   * is asked for has to be read: it holds what is unread.
   */
  stream(signal?: AbortSignal): AsyncGenerator<Event, void, undefined> {
    const over = signal ? AbortSignal.any([signal, this.#ended.signal]) : this.#ended.signal
    const reader: Reader<Event> = { unread: [], leftOut: 0, wake: undefined }
    const unsubscribe = this.subscribe((event) => {
      if (reader.unread.push(event) > MAX_UNREAD) {
        reader.unread.shift()
        reader.leftOut++
      }
      reader.wake?.()
    })
    return this.#read(reader, over, unsubscribe)
  }

  async *#read(
    reader: Reader<Event>,
    over: AbortSignal,
    unsubscribe: () => void,
  ): AsyncGenerator<Event, void, undefined> {
    const onOver = (): void => reader.wake?.()
    over.addEventListener('abort', onOver)
    try {
      for (;;) {
        if (reader.leftOut > 0) {
          const count = reader.leftOut
          reader.leftOut = 0
          yield this.#missed(count)
        }
        const [event] = reader.unread.splice(0, 1)
        if (event !== undefined) yield event
        else if (over.aborted) return
        else await new Promise<void>((resolve) => (reader.wake = resolve))
      }
    } finally {
      unsubscribe()
      over.removeEventListener('abort', onOver)
    }
  }

  /** Readers get what they have not read yet, and then the end. */
  end(): void {
    this.#ended.abort()
  }
}
