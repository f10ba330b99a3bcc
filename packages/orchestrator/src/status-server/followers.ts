import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock, Timer } from '@nac-broker/supervisor'
import { createEventBuffer, createSession } from 'better-sse'
import type { EventLog } from './event-log.ts'
import type { StatusFrame } from './document-changes.ts'
import { Turns } from './turns.ts'

/** What a client may leave unread before nothing more is written to it. */
const MAX_UNREAD_BYTES = 256 * 1024
/** One that has read nothing for so long is cut off; it may come back with the last id it has seen. */
const CUT_OFF_MS = 30_000
const EVENTS_PER_FRAME = 500
/** So many are written to at once: a hundred kept the broker from a processor for milliseconds. */
const AT_ONCE = 4
/** As soon as that a browser is back. */
const RETRY_MS = 1_000

interface Follower {
  readonly response: ServerResponse
  /** The last event it was sent. */
  cursor: number
  /** The last status it was sent; 0 where it needs a whole one. */
  status: number
  /** Running while it does not read. */
  cutOff: Timer | undefined
}

interface FollowersOptions {
  log: EventLog
  clock: Clock
  /** For who has had no status yet, or missed one. */
  status: () => StatusFrame
}

/**
 * The clients of the event stream. Each is sent what the log has and it has not, many events together;
 * one that does not read costs no more than what it has not read yet, and is told what it has missed.
 */
export class Followers {
  readonly #followers = new Set<Follower>()
  readonly #options: FollowersOptions
  /** Frames are the same for all who have had the same. */
  readonly #frames = new Map<number, { frame: Buffer; to: number }>()
  readonly #turns: Turns
  /** The number of the last status that was told. */
  #status = 1

  constructor(options: FollowersOptions) {
    this.#options = options
    this.#turns = new Turns(AT_ONCE, options.clock)
  }

  get size(): number {
    return this.#followers.size
  }

  /** `lastEventId` is what the client has seen last; without one it is given the last `earlier` events. */
  async add(
    request: IncomingMessage,
    response: ServerResponse,
    { lastEventId, earlier }: { lastEventId: string | undefined; earlier: number },
  ): Promise<void> {
    const { log } = this.#options
    // Without chunks each frame is one piece for the socket, and the stream ends with its connection.
    response.removeHeader('Transfer-Encoding')
    const session = await createSession(request, response, {
      retry: RETRY_MS,
      serializer: String,
      headers: { 'X-Accel-Buffering': 'no', Connection: 'close' },
    })
    const seen = lastEventId === undefined ? undefined : log.numberOf(lastEventId)
    const cursor = seen ?? Math.max(0, log.last - earlier)
    const follower: Follower = { response, cursor, status: 0, cutOff: undefined }
    if (lastEventId !== undefined && seen === undefined) {
      const reason = 'the last event id is not of this run; what follows is all there is'
      follower.cursor = 0
      response.write(frameOf('reset', JSON.stringify({ reason })))
    }
    this.#followers.add(follower)
    // Writing to one that has just gone is no failure.
    response.on('error', () => {})
    response.on('drain', () => this.#serve(follower))
    session.once('disconnected', () => this.#forget(follower))
    // It may have gone while the session was made.
    if (!session.isConnected) this.#forget(follower)
    else this.#serve(follower)
  }

  /** Sends everybody the events that are new. */
  tell(): void {
    this.#frames.clear()
    const { last } = this.#options.log
    this.#tellAll((follower) => this.#serve(follower, last))
  }

  /** Sends everybody what is new in the status. */
  tellStatus(frame: StatusFrame): void {
    const buffer = frameOf('status', JSON.stringify(frame))
    const status = ++this.#status
    this.#tellAll((follower) => {
      if (follower.status >= status) return
      if (follower.status === status - 1 && this.#reads(follower)) {
        follower.response.write(buffer)
        follower.status = status
      } else {
        follower.status = 0
        this.#serve(follower)
      }
    })
  }

  /** Ends every stream, in its turn after what was sent. */
  close(): void {
    this.#turns.finish()
    for (const follower of this.#followers) {
      this.#forget(follower)
      follower.response.end()
    }
  }

  #tellAll(write: (follower: Follower) => void): void {
    // Some may be gone when it is their turn.
    this.#turns.add(
      [...this.#followers].map((one) => () => void (this.#followers.has(one) && write(one))),
    )
  }

  #serve(follower: Follower, last = this.#options.log.last): void {
    const { status } = this.#options
    if (!this.#reads(follower)) return
    if (follower.status === 0) {
      follower.status = this.#status
      follower.response.write(frameOf('status', JSON.stringify(status())))
    }
    while (follower.cursor < last && this.#reads(follower)) {
      const { frame, to } = this.#frameAfter(follower.cursor)
      follower.response.write(frame)
      follower.cursor = to
    }
  }

  #frameAfter(cursor: number): { frame: Buffer; to: number } {
    const known = this.#frames.get(cursor)
    if (known) return known
    const { log } = this.#options
    const { missed, events, to } = log.after(cursor, EVENTS_PER_FRAME)
    const parts = createEventBuffer({ serializer: String })
    if (missed > 0)
      parts
        .event('missed')
        .data(JSON.stringify({ count: missed }))
        .dispatch()
    parts.event('events').id(log.idOf(to)).data(JSON.stringify(events)).dispatch()
    const made = { frame: Buffer.from(parts.read()), to }
    this.#frames.set(cursor, made)
    return made
  }

  /** Whether it keeps up; from the moment that it does not, it has a while to read. */
  #reads(follower: Follower): boolean {
    const { response } = follower
    const reads = response.writableLength <= MAX_UNREAD_BYTES
    if (reads) {
      follower.cutOff?.cancel()
      follower.cutOff = undefined
    } else {
      follower.cutOff ??= this.#options.clock.startTimer(CUT_OFF_MS, () => response.destroy())
    }
    return reads
  }

  #forget(follower: Follower): void {
    follower.cutOff?.cancel()
    this.#followers.delete(follower)
  }
}

/** Without an id: the client's last one stays that of an event. */
function frameOf(event: string, data: string): Buffer {
  const parts = createEventBuffer({ serializer: String }).event(event).data(data).dispatch()
  return Buffer.from(parts.read())
}
