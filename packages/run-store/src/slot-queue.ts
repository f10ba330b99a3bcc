import type { Statement } from './statement.ts'
import type { Connection } from './connection.ts'
import type { Generations } from './generations.ts'
import type { Owner } from './owner.ts'

export interface SlotRequest {
  device: string
  owner: Owner
  /** Sessions that may be open to this device at once. */
  maxPerDevice: number
  /** Sessions that the run may have open at once. */
  maxTotal: number
}

/** Sessions that would serve somebody who waits, were they given up. */
export interface Wanted {
  /** Devices that have no session left for whoever waits for them. */
  devices: readonly string[]
  /** Somebody waits for a device that has one left: the session of any device would do. */
  any: boolean
}

/**
 * The queue for slots, as rows: first come first served, except that one who waits for a full device
 * does not hold up those who want another. Nobody hands out slots: each waiter looks whether it is next.
 */
export class SlotQueue {
  readonly #connection: Connection
  readonly #generations: Generations
  readonly #join: Statement
  readonly #seen: Statement
  readonly #leave: Statement
  readonly #ahead: Statement
  readonly #contenders: Statement
  readonly #addLease: Statement
  readonly #othersWait: Statement
  readonly #wants: Statement

  constructor(connection: Connection, generations: Generations) {
    this.#connection = connection
    this.#generations = generations
    this.#join = connection.prepare(
      `INSERT INTO waiters (device, owner, max_per_device, max_total, seen_ms)
       VALUES (?, ?, ?, ?, ?)`,
    )
    this.#seen = connection.prepare('UPDATE waiters SET seen_ms = ? WHERE ticket = ?')
    this.#leave = connection.prepare('DELETE FROM waiters WHERE ticket = ?')
    this.#ahead = connection.prepare(
      `SELECT (SELECT count(*) FROM leases WHERE device = ?1) AS held,
         (SELECT count(*) FROM waiters WHERE device = ?1 AND ticket < ?2) AS waiting`,
    )
    // Of those that came before, only as many as their devices have room for want a slot now.
    this.#contenders = connection.prepare(
      `SELECT (SELECT count(*) FROM leases) AS held, coalesce(sum(min(before.waiting, max(0,
           before.max_per_device - (SELECT count(*) FROM leases WHERE device = before.device)
         ))), 0) AS waiting
       FROM (
         SELECT device, count(*) AS waiting, max(max_per_device) AS max_per_device
         FROM waiters WHERE ticket < ? GROUP BY device
       ) AS before`,
    )
    this.#addLease = connection.prepare(
      'INSERT INTO leases (device, owner, wall_time_ms) VALUES (?, ?, ?)',
    )
    this.#othersWait = connection.prepare(
      `SELECT 1 FROM waiters WHERE device = ?1 OR (
         (SELECT count(*) FROM leases) >= max_total
         AND (SELECT count(*) FROM leases WHERE device = waiters.device) < max_per_device
       ) LIMIT 1`,
    )
    this.#wants = connection.prepare(
      `SELECT device, max(
         (SELECT count(*) FROM leases WHERE device = waiters.device) >= max_per_device
       ) AS deviceIsFull FROM waiters WHERE owner <> ? GROUP BY device`,
    )
  }

  /**
   * For inside a write: joins the queue, or stays in it, and takes a slot if it is this one's turn. A
   * waiter that was taken for dead and removed joins again, at the end.
   * @throws {RunStoreError} `GENERATION_ENDED` for a broker that was replaced.
   */
  take(
    request: SlotRequest,
    known: number | undefined,
  ): { ticket: number; lease: number | undefined } {
    const { device, owner, maxPerDevice, maxTotal } = request
    if (owner.generation !== null) this.#generations.requireLive(owner.generation)
    const { clock } = this.#connection
    const json = JSON.stringify(owner)
    const stillThere = known !== undefined && this.#seen.run(clock.now(), known).changes > 0
    const ticket = stillThere
      ? known
      : Number(this.#join.run(device, json, maxPerDevice, maxTotal, clock.now()).lastInsertRowid)
    if (!this.isNext(request, ticket)) return { ticket, lease: undefined }
    this.#leave.run(ticket)
    const { lastInsertRowid } = this.#addLease.run(device, json, clock.wallTime().getTime())
    return { ticket, lease: Number(lastInsertRowid) }
  }

  /** Whether both limits leave room after everybody who came before. */
  isNext({ device, maxPerDevice, maxTotal }: SlotRequest, ticket: number): boolean {
    const onDevice = this.#ahead.get(device, ticket) as unknown as Ahead
    if (onDevice.held + onDevice.waiting >= maxPerDevice) return false
    const overall = this.#contenders.get(ticket) as unknown as Ahead
    return overall.held + overall.waiting < maxTotal
  }

  /** How many are to be served before. */
  waitingBefore({ device }: SlotRequest, ticket: number): number {
    const onDevice = this.#ahead.get(device, ticket) as unknown as Ahead
    const overall = this.#contenders.get(ticket) as unknown as Ahead
    return Math.max(onDevice.waiting, overall.waiting)
  }

  leave(ticket: number): void {
    this.#leave.run(ticket)
  }

  /** Whether a session to this device that were given up now would serve somebody who waits. */
  othersWait(device: string): boolean {
    return this.#othersWait.get(device) !== undefined
  }

  /** What others than `self` wait for. */
  wants(self: Owner): Wanted {
    const rows = this.#wants.all(JSON.stringify(self)) as unknown as Want[]
    return {
      devices: rows.filter(({ deviceIsFull }) => deviceIsFull).map(({ device }) => device),
      any: rows.some(({ deviceIsFull }) => !deviceIsFull),
    }
  }
}

interface Want {
  device: string
  deviceIsFull: number
}

interface Ahead {
  held: number
  waiting: number
}
