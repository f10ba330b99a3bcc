import type { Statement } from './statement.ts'
import { BrokerError } from '@nac-broker/protocol'
import { oldestRemover, type TableBounds } from './bounded-table.ts'
import type { Connection } from './connection.ts'

export interface StoredEvent {
  readonly sequence: number
  readonly wallTimeMs: number
  /** Whoever follows the run has heard of it already. */
  readonly told: boolean
  readonly event: unknown
}

interface Row extends Omit<StoredEvent, 'told' | 'event'> {
  told: 0 | 1
  event: string
}

interface EventBounds extends TableBounds {
  /** Of one event, as JSON. */
  maxBytesEach: number
}

/** What happened in the run, in order, the latest of it. */
export class Events {
  readonly #connection: Connection
  readonly #maxBytesEach: number
  readonly #removeOldest: () => void
  readonly #insert: Statement
  readonly #selectSince: Statement
  readonly #oldest: Statement
  readonly #newest: Statement

  constructor(connection: Connection, { maxBytesEach, ...bounds }: EventBounds) {
    this.#connection = connection
    this.#maxBytesEach = maxBytesEach
    this.#removeOldest = oldestRemover(connection, 'events', bounds)
    this.#insert = connection.prepare(
      'INSERT INTO events (wall_time_ms, told, event) VALUES (?, ?, ?)',
    )
    this.#selectSince = connection.prepare(
      `SELECT sequence, wall_time_ms AS wallTimeMs, told, event FROM events
       WHERE sequence > ? ORDER BY sequence LIMIT ?`,
    )
    this.#oldest = connection.prepare('SELECT min(sequence) AS oldest FROM events')
    this.#newest = connection.prepare('SELECT max(sequence) AS newest FROM events')
  }

  /**
   * Appends them in this order, or none of them. Returns the last one's sequence number; they count
   * from 1 without gaps.
   * @throws {BrokerError} `INVALID_REQUEST` for one that is too large.
   */
  append(...events: [object, ...object[]]): Promise<number> {
    return this.#append(events, 0)
  }

  /** As `append`, what has been told to whoever follows the run: who reads it here needs not tell it again. */
  appendTold(...events: [object, ...object[]]): Promise<number> {
    return this.#append(events, 1)
  }

  async #append(events: readonly object[], told: Row['told']): Promise<number> {
    const rows = events.map((event) => JSON.stringify(event))
    if (rows.some((json) => Buffer.byteLength(json) > this.#maxBytesEach)) {
      const why = `an event of more than ${this.#maxBytesEach} bytes; shorten it`
      throw new BrokerError('INVALID_REQUEST', why)
    }
    return this.#connection.write(() => {
      const wallTimeMs = this.#connection.clock.wallTime().getTime()
      let sequence = 0
      for (const json of rows) {
        sequence = Number(this.#insert.run(wallTimeMs, told, json).lastInsertRowid)
      }
      this.#removeOldest()
      return sequence
    })
  }

  /** The next events after `sequence` (0: from the start), and how many just after it are gone. */
  since(sequence: number, limit = 1000): Promise<{ missed: number; events: StoredEvent[] }> {
    return this.#connection.read(() => {
      const rows = this.#selectSince.all(sequence, limit) as unknown as Row[]
      const events = rows.map(({ told, event, ...row }) => ({
        ...row,
        told: told === 1,
        event: JSON.parse(event) as unknown,
      }))
      // Asked last: an event that was removed in between is then read, and not counted.
      const { oldest } = this.#oldest.get() as { oldest: number | null }
      const next = events[0]?.sequence ?? oldest ?? sequence + 1
      return { missed: Math.max(0, next - sequence - 1), events }
    })
  }

  /** The newest event's sequence number; 0 where there is none. */
  last(): Promise<number> {
    return this.#connection.read(
      () => (this.#newest.get() as { newest: number | null }).newest ?? 0,
    )
  }
}
