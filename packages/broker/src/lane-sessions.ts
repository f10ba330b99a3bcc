import type { Session, SessionEnd } from '@nac-broker/devices'
import type { BrokerEvent } from '@nac-broker/protocol'
import { Turn } from '@nac-broker/run-store'
import { type Clock, failpoint } from '@nac-broker/supervisor'
import type { LaneUnit } from './lane-unit.ts'
import type { SlotLease } from './session-slots.ts'

export type CloseReason = Extract<BrokerEvent, { event: 'session-closed' }>['by']

/** One session of the device, and what it is doing. */
export interface PooledSession {
  readonly session: Session
  readonly lease: SlotLease
  /** What it has served since it was opened: its turn, when others wait for it. */
  readonly turn: Turn
  /** How it fares by itself, where the device may have others. */
  readonly unit: LaneUnit | undefined
  state:
    | { kind: 'idle'; sinceMs: number }
    | { kind: 'busy'; closeAfter: CloseReason | undefined }
    | { kind: 'closing'; by: CloseReason }
}

/** The open sessions of one device. */
export class LaneSessions {
  readonly #all = new Set<PooledSession>()
  readonly #clock: Clock
  readonly #closing: (change: 1 | -1) => void

  /** `closing` is told when a session has begun to close (`1`) and when that one is closed (`-1`). */
  constructor(clock: Clock, closing: (change: 1 | -1) => void) {
    this.#clock = clock
    this.#closing = closing
  }

  get open(): number {
    return this.#all.size
  }

  /** How many are open and not being closed. */
  get staying(): number {
    return [...this.#all].filter(({ state }) => state.kind !== 'closing').length
  }

  get busy(): number {
    return [...this.#all].filter(({ state }) => state.kind === 'busy').length
  }

  add(session: Session, lease: SlotLease, unit: LaneUnit | undefined): PooledSession {
    const sinceMs = this.#clock.now()
    const turn = new Turn(this.#clock)
    const pooled: PooledSession = { session, lease, turn, unit, state: { kind: 'idle', sinceMs } }
    this.#all.add(pooled)
    return pooled
  }

  /** Forgets one that has ended; returns whose doing that was. */
  remove(pooled: PooledSession, end: SessionEnd): CloseReason {
    const { state } = pooled
    this.#all.delete(pooled)
    if (state.kind === 'closing') this.#closing(-1)
    if (end.by === 'device') return 'device'
    return state.kind === 'closing' ? state.by : 'timed-out'
  }

  anyIdle(): PooledSession | undefined {
    for (const pooled of this.#all) if (pooled.state.kind === 'idle') return pooled
    return undefined
  }

  /** When the session that has been idle longest became so; undefined when none is idle. */
  idleSinceMs(): number | undefined {
    return this.#longestIdle()?.sinceMs
  }

  /** Returns whether it has served before. */
  begin(pooled: PooledSession): boolean {
    pooled.state = { kind: 'busy', closeAfter: undefined }
    const servedBefore = pooled.turn.commands > 0
    pooled.turn.served()
    return servedBefore
  }

  /** Its command is done. It is closed if that was asked for meanwhile, or its turn is over and `wanted`. */
  done(pooled: PooledSession, wanted: boolean): void {
    if (pooled.state.kind !== 'busy' || !pooled.session.isOpen) return
    const { closeAfter } = pooled.state
    pooled.state = { kind: 'idle', sinceMs: this.#clock.now() }
    if (closeAfter) this.close(pooled, closeAfter)
    else if (wanted && pooled.turn.isOver) this.close(pooled, 'evicted')
  }

  /** Closes the session that has been idle longest. */
  evictIdle(): void {
    const idle = this.#longestIdle()
    if (idle) this.close(idle.pooled, 'evicted')
  }

  /** Somebody else waits for a session: an idle one goes, or a busy one after its turn. */
  giveWay(): void {
    if (this.#longestIdle()) return this.evictIdle()
    for (const pooled of this.#all) {
      if (pooled.state.kind !== 'busy' || !pooled.turn.isOver) continue
      pooled.state.closeAfter ??= 'evicted'
      return
    }
  }

  close(pooled: PooledSession, by: CloseReason): void {
    failpoint('broker.session.closing')
    pooled.state = { kind: 'closing', by }
    pooled.unit?.stopping()
    this.#closing(1)
    void pooled.session.close()
  }

  /** Closes idle sessions now and busy ones when their command is done. */
  closeAll(by: CloseReason): void {
    for (const pooled of this.#all) {
      if (pooled.state.kind === 'idle') this.close(pooled, by)
      else if (pooled.state.kind === 'busy') pooled.state.closeAfter = by
    }
  }

  /** Ends every one at once. */
  destroy(): void {
    for (const { session } of this.#all) session.destroy()
  }

  #longestIdle(): { pooled: PooledSession; sinceMs: number } | undefined {
    let longest: { pooled: PooledSession; sinceMs: number } | undefined
    for (const pooled of this.#all) {
      if (pooled.state.kind !== 'idle') continue
      const { sinceMs } = pooled.state
      if (longest === undefined || sinceMs < longest.sinceMs) longest = { pooled, sinceMs }
    }
    return longest
  }
}
