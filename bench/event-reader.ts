import { openEventStream, type EventStream, type StreamFrame } from './event-stream.ts'

/** How each event of a frame begins, as the server writes it. */
const EVENT = '{"id":"'

/**
 * A client of the event stream that makes sure that it has been sent, or told that it has missed, each event
 * from the first that came: else it throws where nobody catches it. It looks at frames as text: a hundred such
 * clients are to cost their machine little.
 */
export class EventReader implements Disposable {
  #stream: EventStream | undefined
  #last: number | undefined
  #untilNext = 0
  #missed = 0
  #sought = { text: '', found: Promise.withResolvers<void>() }
  #counted = { text: '', times: 0 }

  static async open(url: URL): Promise<EventReader> {
    const reader = new EventReader()
    reader.#stream = await openEventStream(url, (frame) => reader.#take(frame))
    return reader
  }

  /** It reads nothing more until it is resumed. */
  pause(): void {
    this.#stream?.pause()
  }

  resume(): void {
    this.#stream?.resume()
  }

  /** So many it was told that it has missed. */
  get missed(): number {
    return this.#missed
  }

  /** Counts from now on how often the text comes. */
  count(text: string): void {
    this.#counted = { text, times: 0 }
  }

  get counted(): number {
    return this.#counted.times
  }

  /** Looks for an event with this text. */
  seek(text: string): void {
    this.#sought = { text, found: Promise.withResolvers() }
  }

  /** Resolves when the one that is looked for has come. */
  get found(): Promise<void> {
    return this.#sought.found.promise
  }

  [Symbol.dispose](): void {
    this.#stream?.[Symbol.dispose]()
  }

  #take({ event, id = '', data }: StreamFrame): void {
    if (event === 'missed') this.#untilNext += (JSON.parse(data) as { count: number }).count
    if (event !== 'events') return
    const newest = Number(id.split('-')[1])
    const came = timesIn(data, EVENT)
    const expected = (this.#last ?? newest - came) + this.#untilNext + came
    if (newest !== expected)
      throw new Error(`event ${newest} came where ${expected} was due, and not a word of it`)
    this.#last = newest
    this.#missed += this.#untilNext
    this.#untilNext = 0
    if (this.#counted.text !== '') this.#counted.times += timesIn(data, this.#counted.text)
    if (this.#sought.text !== '' && data.includes(this.#sought.text)) this.#sought.found.resolve()
  }
}

function timesIn(text: string, part: string): number {
  let times = 0
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) times++
  return times
}
