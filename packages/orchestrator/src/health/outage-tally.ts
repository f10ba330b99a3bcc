import type { Outages } from '@nac-broker/protocol'
import { rounded } from './latency-histogram.ts'

const NONE: Outages = { disconnects: 0, downtimeMs: 0, heartbeatsMissed: 0 }

/**
 * How one worker's clients fared with the run's brokers: by their own account, which each gives to the
 * next broker, or in the store; and where one was not heard of again, by when its broker was lost.
 */
export class OutageTally {
  /** Clients that have a broker; and those that have lost it and were not heard of since. */
  readonly #connected = new Set<string>()
  readonly #down = new Map<string, { sinceMs: number; untilMs?: number }>()
  /** What clients that have lost a broker told of themselves last. */
  readonly #accounts = new Map<string, Outages>()
  readonly #total = { ...NONE }
  #reconnects = 0

  joined(id: string, account: Outages | undefined): void {
    this.#connected.add(id)
    if (this.#accountFor(id, account)) this.#reconnects++
  }

  /** It needs no broker any more. */
  direct(id: string, account: Outages | undefined): void {
    this.#connected.delete(id)
    this.#accountFor(id, account)
  }

  left(id: string): void {
    this.#connected.delete(id)
  }

  brokerLost(atMs: number): void {
    for (const id of this.#connected) this.#down.set(id, { sinceMs: atMs })
    this.#connected.clear()
  }

  /** The worker is gone, and with it those that wait for a broker. */
  ended(atMs: number): void {
    for (const down of this.#down.values()) down.untilMs ??= atMs
    this.#connected.clear()
  }

  /** Of everything until now. */
  report(atMs: number): Outages & { reconnects: number } {
    const { disconnects, downtimeMs, heartbeatsMissed } = this.#total
    const down = [...this.#down.values()]
    const downMs = down.map(({ sinceMs, untilMs = atMs }) => Math.max(0, untilMs - sinceMs))
    return {
      disconnects: disconnects + down.length,
      reconnects: this.#reconnects,
      downtimeMs: rounded(downMs.reduce((sum, ms) => sum + ms, downtimeMs)),
      heartbeatsMissed,
    }
  }

  /** Adds what is new in it; false when nothing is. */
  #accountFor(id: string, account: Outages | undefined): boolean {
    this.#down.delete(id)
    if (!account) return false
    const before = this.#accounts.get(id) ?? NONE
    this.#accounts.set(id, account)
    this.#total.disconnects += account.disconnects - before.disconnects
    this.#total.downtimeMs += account.downtimeMs - before.downtimeMs
    this.#total.heartbeatsMissed += account.heartbeatsMissed - before.heartbeatsMissed
    return account.disconnects > before.disconnects
  }
}
