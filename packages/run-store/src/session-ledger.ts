import type { Statement } from './statement.ts'
import { BrokerError } from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import type { Connection } from './connection.ts'
import type { Generations } from './generations.ts'
import { type Lease, LeaseRows } from './lease.ts'
import { describeOwner, type Owner, type ProcessIdentity } from './owner.ts'
import { Reaper, WAITER_SILENT_MS } from './reaper.ts'
import { SlotQueue, type SlotRequest, type Wanted } from './slot-queue.ts'

export interface AcquireOptions extends SlotRequest {
  /** When to stop waiting, on the clock. */
  deadlineMs: number
  /** Ends the wait, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
  /** Called once if there is no slot at once, with how many are to be served before. */
  onWait?: ((before: number) => void) | undefined
}

/** How many sessions may be open, to each device and in all. */
export type SessionLimits = Pick<SlotRequest, 'maxPerDevice' | 'maxTotal'>

export interface HeldLease {
  readonly id: number
  readonly device: string
  readonly owner: Owner
  readonly child: ProcessIdentity | undefined
  readonly sinceWallTimeMs: number
}

/** SQLite tells nobody of another process's writes, so a waiter looks: more often near the front. */
const LOOK_EVERY_MS = 10
const LOOK_AT_LEAST_EVERY_MS = 100
const REAP_EVERY_MS = 100
const SHOW_LIFE_EVERY_MS = WAITER_SILENT_MS / 4

/**
 * Who may have a session open to which device. Whoever opens one, broker or direct client, has a lease
 * first; both limits hold over all processes that share the store.
 */
export class SessionLedger {
  readonly #connection: Connection
  readonly #queue: SlotQueue
  readonly #reaper: Reaper
  readonly #rows: LeaseRows
  readonly #all: Statement
  readonly #declare: Statement
  readonly #limits: Statement
  readonly #waiting = new Set<() => void>()

  constructor(connection: Connection, generations: Generations) {
    this.#connection = connection
    this.#queue = new SlotQueue(connection, generations)
    this.#reaper = new Reaper(connection, generations)
    this.#rows = new LeaseRows(connection)
    this.#all = connection.prepare(
      'SELECT id, device, owner, child, wall_time_ms AS sinceWallTimeMs FROM leases ORDER BY id',
    )
    this.#declare = connection.prepare(
      'INSERT OR REPLACE INTO session_limits (only, max_per_device, max_total) VALUES (1, ?, ?)',
    )
    this.#limits = connection.prepare(
      'SELECT max_per_device AS maxPerDevice, max_total AS maxTotal FROM session_limits',
    )
  }

  /** What the run allows, for those whom no broker can tell any more. */
  declareLimits({ maxPerDevice, maxTotal }: SessionLimits): Promise<void> {
    return this.#connection.write(() => void this.#declare.run(maxPerDevice, maxTotal))
  }

  /** As last declared; undefined before any broker has begun. */
  limits(): Promise<SessionLimits | undefined> {
    return this.#connection.read(() => this.#limits.get() as SessionLimits | undefined)
  }

  /**
   * A lease as soon as both limits allow, first come first served over all processes. Leases of owners
   * that are gone are reaped on the way.
   * @throws {BrokerError} `SESSION_LIMIT`, naming who holds the slots, when the deadline comes first.
   * @throws {RunStoreError} `GENERATION_ENDED` when the owner's generation is not the live one.
   */
  async acquire(options: AcquireOptions): Promise<Lease> {
    const { device, signal } = options
    signal?.throwIfAborted()
    const first = await this.#connection.write(() => this.#queue.take(options, undefined))
    let { lease } = first
    failpoint('store.slot.asked')
    if (lease === undefined) lease = await this.#wait(options, first.ticket)
    failpoint('store.slot.taken')
    const held = this.#rows.lease(lease, device, () => this.#wakeAll())
    if (signal?.aborted) {
      await held.release()
      throw signal.reason
    }
    return held
  }

  /** Whether a session to this device, were it given up now, would serve somebody who waits. */
  othersWait(device: string): Promise<boolean> {
    return this.#connection.read(() => this.#queue.othersWait(device))
  }

  /** What others than `self` wait for. */
  wants(self: Owner): Promise<Wanted> {
    return this.#connection.read(() => this.#queue.wants(self))
  }

  /** Every lease, those that are still to be reaped included. */
  leases(): Promise<HeldLease[]> {
    return this.#connection.read(() => this.#heldLeases())
  }

  /** Removes the leases of owners that are gone, for who does not wait for one. */
  async reap(): Promise<void> {
    await this.#reaper.reap()
  }

  /** Why there is no slot now: `SESSION_LIMIT`, naming who holds them. */
  async sessionLimit(
    { device, maxPerDevice, maxTotal }: SessionLimits & { device: string },
    before = 0,
  ): Promise<BrokerError> {
    const all = await this.leases()
    const onDevice = all.filter((lease) => lease.device === device)
    const deviceFull = onDevice.length >= maxPerDevice
    const holders = deviceFull ? onDevice : all
    const limit = deviceFull
      ? `all ${maxPerDevice} sessions that it may have are`
      : `${all.length} of the run's ${maxTotal} sessions are`
    const queue = before > 0 ? `, and ${before} waited before` : ''
    const message = `${device}: no session slot in time: ${limit} held by ${namesOf(holders)}${queue}`
    return new BrokerError('SESSION_LIMIT', message, { device })
  }

  async #wait(options: AcquireOptions, firstTicket: number): Promise<number> {
    const { clock } = this.#connection
    const { deadlineMs, signal } = options
    let ticket = firstTicket
    let showLifeAtMs = clock.now() + SHOW_LIFE_EVERY_MS
    let reapAtMs = -Infinity
    let told = false
    try {
      for (;;) {
        if (clock.now() >= reapAtMs) {
          await this.#reaper.reap()
          reapAtMs = clock.now() + REAP_EVERY_MS
        }
        const { next, before } = await this.#look(options, ticket)
        if (next || clock.now() >= showLifeAtMs) {
          const taken = await this.#connection.write(() => this.#queue.take(options, ticket))
          if (taken.lease !== undefined) return taken.lease
          ticket = taken.ticket
          showLifeAtMs = clock.now() + SHOW_LIFE_EVERY_MS
        }
        failpoint('store.slot.awaited')
        if (!told) options.onWait?.(before)
        told = true
        const lookMs = Math.min(LOOK_EVERY_MS * (1 + before), LOOK_AT_LEAST_EVERY_MS)
        const pauseMs = Math.min(lookMs * (0.5 + clock.random()), deadlineMs - clock.now())
        if (pauseMs <= 0) throw await this.sessionLimit(options, before)
        await this.#pause(pauseMs, signal)
        signal?.throwIfAborted()
      }
    } catch (error) {
      await this.#leave(ticket)
      throw error
    }
  }

  #look(request: SlotRequest, ticket: number): Promise<{ next: boolean; before: number }> {
    return this.#connection.read(() => ({
      next: this.#queue.isNext(request, ticket),
      before: this.#queue.waitingBefore(request, ticket),
    }))
  }

  /** Whoever cannot write that it left is taken for dead before long. */
  async #leave(ticket: number): Promise<void> {
    await this.#connection.write(() => this.#queue.leave(ticket)).catch(() => {})
    this.#wakeAll()
  }

  /** Until the time is up, the signal aborted, or something in this process made room. */
  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    const timer = this.#connection.clock.startTimer(ms, wake)
    this.#waiting.add(wake)
    signal?.addEventListener('abort', wake, { once: true })
    try {
      if (!signal?.aborted) await promise
    } finally {
      timer.cancel()
      this.#waiting.delete(wake)
      signal?.removeEventListener('abort', wake)
    }
  }

  #wakeAll(): void {
    for (const wake of this.#waiting) wake()
  }

  #heldLeases(): HeldLease[] {
    const rows = this.#all.all() as unknown as Record<'owner' | 'child', string | null>[]
    return rows.map(
      ({ owner, child, ...row }) =>
        ({
          ...row,
          owner: JSON.parse(owner ?? '{}') as Owner,
          child: child === null ? undefined : (JSON.parse(child) as ProcessIdentity),
        }) as HeldLease,
    )
  }
}

/** The first few, the oldest first. */
function namesOf(leases: readonly HeldLease[]): string {
  const names = leases.map(({ owner, child }) =>
    child ? `${describeOwner(owner)} with child ${child.pid}` : describeOwner(owner),
  )
  const different = [...new Set(names)]
  const shown = different.slice(0, 3).join(', ')
  if (different.length === 0) return 'nobody'
  return different.length > 3 ? `${shown} and ${different.length - 3} more` : shown
}
