import type { Statement } from './statement.ts'
import { failpoint } from '@nac-broker/supervisor'
import type { Connection } from './connection.ts'
import type { Generations } from './generations.ts'
import type { Owner, ProcessIdentity } from './owner.ts'

/**
 * A waiter holds no session, so one that has not looked for this long may lose its place, dead or not:
 * otherwise a stopped process, or one in another pid namespace, would hold up everybody behind it.
 */
export const WAITER_SILENT_MS = 2000

interface Row {
  id: number
  owner: string
  child: string | null
  seenMs: number | null
}

/** Removes what the dead left in the ledger. */
export class Reaper {
  readonly #connection: Connection
  readonly #generations: Generations
  readonly #leases: Statement
  readonly #waiters: Statement
  readonly #removeLease: Statement
  readonly #removeWaiter: Statement

  constructor(connection: Connection, generations: Generations) {
    this.#connection = connection
    this.#generations = generations
    this.#leases = connection.prepare('SELECT id, owner, child, NULL AS seenMs FROM leases')
    this.#waiters = connection.prepare(
      'SELECT ticket AS id, owner, NULL AS child, seen_ms AS seenMs FROM waiters',
    )
    this.#removeLease = connection.prepare('DELETE FROM leases WHERE id = ?')
    // One that has looked in the meantime stays.
    this.#removeWaiter = connection.prepare('DELETE FROM waiters WHERE ticket = ? AND seen_ms = ?')
  }

  /** True if anything was removed. Who is gone stays gone, so that is found out without a lock. */
  async reap(): Promise<boolean> {
    const { leases, waiters } = await this.#connection.read(() => ({
      leases: this.#gone(this.#leases),
      waiters: this.#gone(this.#waiters),
    }))
    if (leases.length + waiters.length === 0) return false
    failpoint('store.reaper.found')
    await this.#connection.write(() => {
      for (const { id } of leases) this.#removeLease.run(id)
      for (const { id, seenMs } of waiters) this.#removeWaiter.run(id, seenMs)
    })
    return true
  }

  #gone(statement: Statement): Row[] {
    const nowMs = this.#connection.clock.now()
    const verdicts = new Map<string, boolean>()
    return (statement.all() as unknown as Row[]).filter(({ owner, child, seenMs }) => {
      // The clock starts anew with the machine: what is far in the future is as old.
      if (seenMs !== null && Math.abs(nowMs - seenMs) > WAITER_SILENT_MS) return true
      const verdict =
        verdicts.get(owner) ?? this.#generations.ownerIsGone(JSON.parse(owner) as Owner)
      verdicts.set(owner, verdict)
      // A child that outlives its owner still has its session open.
      if (!verdict || child === null) return verdict
      return this.#connection.processes.isGone(JSON.parse(child) as ProcessIdentity)
    })
  }
}
