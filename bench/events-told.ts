import { systemClock, withDeadline } from '@nac-broker/supervisor'
import { type EventStream, openEventStream } from './event-stream.ts'

/** What takes longer than that will not come. */
const PATIENCE_MS = 30_000

/** An event of the stream, whatever it has besides. */
export interface ToldEvent {
  readonly event: string
  readonly [field: string]: unknown
}

export interface Told {
  readonly event: ToldEvent
  /** When its frame came, on the clock. */
  readonly atMs: number
}

/** Reads what a status server tells, and keeps all of it but commands. */
export class EventsTold implements Disposable {
  readonly #told: Told[] = []
  readonly #waiting = new Set<(told: Told) => void>()
  #stream: EventStream | undefined

  /**
   * What was told before comes too, with the time of now.
   * @param url of the status server
   */
  static async read(url: string): Promise<EventsTold> {
    const told = new EventsTold()
    told.#stream = await openEventStream(new URL('events?earlier=1000', url), (frame) => {
      const atMs = systemClock.now()
      if (frame.event === 'missed') throw new Error(`events were missed: ${frame.data}`)
      if (frame.event !== 'events') return
      for (const { event } of JSON.parse(frame.data) as { event: ToldEvent }[])
        if (event.event !== 'command') told.#take({ event, atMs })
    })
    return told
  }

  /** Those that are so, in their order. */
  all(isIt: (event: ToldEvent) => boolean): ToldEvent[] {
    return this.#told.map(({ event }) => event).filter(isIt)
  }

  /** The first one that is so, of those that came and those to come. */
  async first(isIt: (event: ToldEvent) => boolean): Promise<Told> {
    return this.#told.find(({ event }) => isIt(event)) ?? this.next(isIt)
  }

  /** The first one from now on that is so. */
  next(isIt: (event: ToldEvent) => boolean): Promise<Told> {
    const came = new Promise<Told>((resolve) => {
      const hear = (told: Told): void => {
        if (!isIt(told.event)) return
        this.#waiting.delete(hear)
        resolve(told)
      }
      this.#waiting.add(hear)
    })
    return withDeadline(came, {
      ms: PATIENCE_MS,
      onTimeout: () => new Error(`what is waited for was not told: ${isIt.toString()}`),
      clock: systemClock,
    })
  }

  [Symbol.dispose](): void {
    this.#stream?.[Symbol.dispose]()
  }

  #take(told: Told): void {
    this.#told.push(told)
    for (const hear of this.#waiting) hear(told)
  }
}
