import {
  type Device,
  LoginRecord,
  type LoginStep,
  LoginSteps,
  refusedMeanwhile,
  type Session,
  type SessionEnd,
  type TimedStep,
} from '@nac-broker/devices'
import { asBrokerError, BrokerError, type BrokerEvent } from '@nac-broker/protocol'
import { type Clock, type FailureDetector, type Timer, failpoint } from '@nac-broker/supervisor'
import type { Tally } from './broker-statistics.ts'
import { LaneUnit } from './lane-unit.ts'
import { FairQueue } from './fair-queue.ts'
import { LaneSessions, type PooledSession } from './lane-sessions.ts'
import { SessionUnits } from './session-units.ts'
import type { SessionSlots, SlotLease } from './session-slots.ts'

/** Something that needs a session of its own for a while. */
export interface Job {
  readonly client: number
  /** Does the work. Never rejects; the session is given back when the promise settles. */
  start(session: Session): Promise<void>
  /** No session can be had. */
  fail(error: BrokerError): void
}

export interface LaneContext {
  tally: Tally
  clock: Clock
  slots: SessionSlots
  maxSessions: number
  openSession(device: Device, onStep: (step: LoginStep) => void): Promise<Session>
  /** Whether somebody waits for a slot that no session being closed will free. */
  slotWanted(): boolean
  /** A session has begun to close (`1`) or is closed (`-1`). */
  closing: (change: 1 | -1) => void
  /** The device itself has closed a session. */
  onDeviceClosed: (device: string) => void
  /** Is told how each device fares. */
  units: FailureDetector
  emit(event: BrokerEvent): void
}

/**
 * One device in the pool: the jobs that wait for it, its sessions, and how it fares in logging in.
 * Every change ends in `#pump`, which is where all decisions are made.
 */
export class DeviceLane {
  readonly device: Device
  readonly #context: LaneContext
  readonly #queue = new FairQueue<Job>()
  readonly #sessions: LaneSessions
  readonly #logins: LoginRecord
  readonly #unit: LaneUnit
  readonly #sessionUnits: SessionUnits
  #opening = 0
  #loggingIn = 0
  /** Aborted when nobody needs the slot any more. */
  #slotWait = new AbortController()
  #retry: Timer | undefined
  #closed: BrokerError | undefined
  #epoch = 0
  #storedEpoch: number | undefined

  constructor(device: Device, context: LaneContext) {
    this.device = device
    this.#context = context
    this.#sessions = new LaneSessions(context.clock, (change) => {
      context.closing(change)
      if (this.#sessions.staying === 0 && this.#loggingIn === 0) this.#unit.stopping()
    })
    this.#logins = new LoginRecord(context.clock)
    const { units, clock, maxSessions } = context
    this.#unit = new LaneUnit({ name: `device ${device.name}`, kind: 'device' }, units, clock)
    this.#sessionUnits = new SessionUnits(device.name, maxSessions, units, clock)
  }

  /** Ends with anything that may have changed the device; outputs of an earlier epoch are stale. */
  get epoch(): number {
    return this.#epoch
  }

  endEpoch(): void {
    this.#epoch++
  }

  /** Takes note of the epoch that the run's store has for this device; a new one ends ours. */
  learnEpoch(stored: number): void {
    if (this.#storedEpoch !== stored) this.endEpoch()
    this.#storedEpoch = stored
  }

  submit(job: Job): void {
    if (this.#closed) return job.fail(this.#closed)
    this.#queue.push(job.client, job)
    this.#pump()
  }

  /** Takes back a job that has not been started. */
  withdraw(job: Job): void {
    this.#queue.remove(job.client, job)
    if (this.#queue.size === 0) this.#needNothing()
  }

  /** What a queued job waits for, where it is more than its turn. */
  whyWaiting(): BrokerError | undefined {
    const { lastError } = this.#logins
    if (lastError?.code === 'SESSION_LIMIT') return lastError
    if (this.#sessions.open > 0 || this.#loggingIn > 0 || this.#opening === 0) return undefined
    const { max } = this.#context.slots
    return new BrokerError('SESSION_LIMIT', `all ${max} connections are in use by other devices`, {
      device: this.device.name,
    })
  }

  get loggingIn(): boolean {
    return this.#loggingIn > 0
  }

  /** When the session that has been idle longest became so; undefined when none is idle. */
  idleSinceMs(): number | undefined {
    return this.#sessions.idleSinceMs()
  }

  /** Closes the session that has been idle longest. */
  evictIdle(): void {
    this.#sessions.evictIdle()
  }

  /** Somebody outside of this broker waits for a session. */
  giveWay(): void {
    this.#sessions.giveWay()
  }

  /** Closes idle sessions now and busy ones when their command is done. */
  disconnect(): void {
    this.#sessions.closeAll('disconnected')
  }

  /** Refuses everything from now on; what runs is left to finish. */
  shutDown(): void {
    this.#closed = new BrokerError('SHUTTING_DOWN', 'the broker is shutting down', {
      device: this.device.name,
    })
    this.#slotWait.abort()
    this.#retry?.cancel()
    for (const job of this.#queue.drain()) job.fail(this.#closed)
    this.#unit.stopping()
    this.#sessions.closeAll('shutdown')
  }

  /** Ends every session at once. */
  destroy(): void {
    this.#sessions.destroy()
  }

  get busy(): boolean {
    return this.#sessions.busy > 0
  }

  status(): {
    open: number
    busy: number
    opening: number
    queued: number
    backoffMs: number | undefined
    lastError: BrokerError | undefined
  } {
    return {
      open: this.#sessions.open,
      busy: this.#sessions.busy,
      opening: this.#opening,
      queued: this.#queue.size,
      backoffMs: this.#logins.pause?.remainingMs,
      lastError: this.#logins.lastError,
    }
  }

  #pump(): void {
    if (this.#closed) return
    for (let idle = this.#sessions.anyIdle(); idle; idle = this.#sessions.anyIdle()) {
      const job = this.#queue.shift()
      if (!job) break
      void this.#run(idle, job)
    }
    if (this.#queue.size === 0) this.#needNothing()
    const { pause } = this.#logins
    if (pause?.worthWaiting) return this.#pumpAfter(pause.remainingMs)
    if (pause) {
      if (this.#sessions.open > 0 || this.#opening > 0) return
      for (const job of this.#queue.drain()) job.fail(refusedMeanwhile(pause))
      return
    }
    while (
      this.#opening < this.#queue.size &&
      this.#opening + this.#sessions.open < this.#context.maxSessions
    ) {
      void this.#open()
    }
  }

  /** What is idle now, or about to be opened, is for the other devices if they wait. */
  #needNothing(): void {
    if (this.#opening > this.#loggingIn) {
      this.#slotWait.abort()
      this.#slotWait = new AbortController()
    }
    if (this.#sessions.anyIdle() && this.#context.slotWanted()) this.#sessions.evictIdle()
  }

  async #run(pooled: PooledSession, job: Job): Promise<void> {
    if (this.#sessions.begin(pooled)) this.#context.tally.add('connectionHits')
    pooled.unit?.busy()
    this.#unit.busy()
    await job.start(pooled.session)
    this.#sessions.done(pooled, this.#context.slotWanted())
    if (pooled.state.kind === 'idle') pooled.unit?.nothingToDo()
    if (this.#sessions.busy === 0 && this.#sessions.open > 0) this.#unit.nothingToDo()
    this.#pump()
  }

  /** A session for whoever is first in the queue by then: cancelling a job never stops a login. */
  async #open(): Promise<void> {
    this.#opening++
    failpoint('broker.session.to-be-opened')
    const lease = await this.#slot()
    if (lease) {
      this.#loggingIn++
      await this.#logIn(lease)
      this.#loggingIn--
    }
    this.#opening--
    this.#pump()
  }

  /** Undefined when, before there was a slot, nobody needed it any more. */
  async #slot(): Promise<SlotLease | undefined> {
    try {
      return await this.#context.slots.acquire(this.#slotWait.signal)
    } catch {
      return undefined
    }
  }

  async #logIn(lease: SlotLease): Promise<void> {
    const { clock } = this.#context
    const startedMs = clock.now()
    const steps = new LoginSteps(clock)
    const unit = this.#sessionUnits.take()
    try {
      if (this.#closed) throw this.#closed
      unit?.starting()
      this.#unit.starting()
      const session = await this.#context.openSession(this.device, steps.begin)
      const login = { openMs: clock.now() - startedMs, steps: steps.timed() }
      this.#admit(this.#sessions.add(session, lease, unit), login)
    } catch (error) {
      lease.release()
      const failure = asBrokerError(error, { device: this.device.name })
      if (this.#closed) unit?.stopped()
      else unit?.failed(failure.message)
      this.#sessionUnits.give(unit)
      this.#loginFailed(failure, steps.timed())
    }
  }

  #admit(pooled: PooledSession, login: { openMs: number; steps: TimedStep[] }): void {
    failpoint('broker.session.opened')
    this.#logins.succeeded()
    this.#context.tally.add('connectionMisses')
    this.#context.emit({ event: 'session-opened', device: this.device.name, ...login })
    void pooled.session.ended.then((end) => this.#onEnded(pooled, end))
    pooled.unit?.ready()
    if (!this.#closed) return this.#unit.ready()
    this.#sessions.close(pooled, 'shutdown')
  }

  #loginFailed(error: BrokerError, steps: TimedStep[]): void {
    if (this.#closed) {
      if (this.#sessions.open === 0) this.#unit.stopped()
      return
    }
    failpoint('broker.session.refused')
    const { worthWaiting, remainingMs } = this.#logins.failed(error)
    this.#context.emit({
      event: 'login-failed',
      device: this.device.name,
      code: error.code,
      message: error.message,
      retryAfterMs: remainingMs,
      steps,
    })
    if (this.#sessions.open === 0) this.#unit.failed(error.message)
    // Whoever waits for a line, or a slot, is tried again; the others have been told and come back themselves.
    if (worthWaiting) this.#pumpAfter(remainingMs)
    else if (this.#sessions.open === 0) for (const job of this.#queue.drain()) job.fail(error)
  }

  /** A timer may fire a moment early: the pump then finds the pause unfinished, and waits again. */
  #pumpAfter(delayMs: number): void {
    this.#retry?.cancel()
    this.#retry = this.#context.clock.startTimer(delayMs, () => this.#pump())
  }

  #onEnded(pooled: PooledSession, end: SessionEnd): void {
    failpoint('broker.session.ended')
    const wasClosing = pooled.state.kind === 'closing'
    const by = this.#sessions.remove(pooled, end)
    const isLast = this.#sessions.open === 0
    pooled.lease.release()
    const closed = { event: 'session-closed', device: this.device.name, by } as const
    if (end.by !== 'device') {
      this.#context.emit(closed)
      pooled.unit?.stopped()
      if (isLast && this.#loggingIn === 0) this.#unit.stopped()
    } else {
      const lost = asBrokerError(end.error, { device: this.device.name })
      this.#logins.lost(lost)
      // It may have been reloaded: what was true of it need not be true any more.
      this.endEpoch()
      this.#context.onDeviceClosed(this.device.name)
      this.#context.emit({ ...closed, message: lost.message })
      pooled.unit?.failed(lost.message)
      if (isLast && !wasClosing) this.#unit.failed(lost.message)
      else if (isLast && this.#loggingIn === 0) this.#unit.stopped()
    }
    this.#sessionUnits.give(pooled.unit)
    this.#pump()
  }
}
