import {
  type Device,
  type LoginPause,
  LoginRecord,
  loginUnderWay,
  openSession,
  type OpenSessionOptions,
  refusedMeanwhile,
  type Session,
} from '@nac-broker/devices'
import { asBrokerError, BrokerError, type BrokerEvent } from '@nac-broker/protocol'
import { asStoreError, type Lease, type RunStore, Turn } from '@nac-broker/run-store'
import { type Clock, type Timer, failpoint } from '@nac-broker/supervisor'

export interface DirectSessionOptions {
  /** Absent: nobody counts sessions, and this process has at most this one to the device. */
  store: RunStore | undefined
  maxSessionsPerDevice: number
  maxConnections: number
  login: OpenSessionOptions
  clock: Clock
  emit: (event: BrokerEvent) => void
}

type ClosedBy = Extract<BrokerEvent, { event: 'session-closed' }>['by']

interface Held {
  readonly session: Session
  readonly turn: Turn
  /** Why we close it; undefined: somebody else did. */
  closing: ClosedBy | undefined
}

/** How long one that others wait for may be idle: callers that take turns with it come back at once. */
const IDLE_MS = 50

/** The one session that this process may have to a device: its slot in the ledger, its login, its turn. */
export class DirectSession {
  readonly #device: Device
  readonly #options: DirectSessionOptions
  readonly #logins: LoginRecord
  readonly #closing = new AbortController()
  #held: Held | undefined
  /** When the session before is over and its slot free. */
  #released: Promise<void> = Promise.resolve()
  /** What the next session waits for. */
  #hindrance: 'slot' | 'login' | BrokerError | undefined
  #idle: Timer | undefined

  constructor(device: Device, options: DirectSessionOptions) {
    this.#device = device
    this.#options = options
    this.#logins = new LoginRecord(options.clock)
  }

  /**
   * The session, opened if there is none. The signal ends waiting for a slot, not a login that has begun.
   * @throws {BrokerError} as `openSession`; `STORE_UNAVAILABLE`; or the signal's reason
   */
  async acquire(signal: AbortSignal): Promise<Session> {
    this.#idle?.cancel()
    this.#idle = undefined
    for (;;) {
      if (this.#held?.session.isOpen) return this.#held.session
      await this.#untilLoginMayBeTried(signal)
      await this.#released
      this.#hindrance = 'slot'
      failpoint('client.direct.slot')
      let lease: Lease | undefined
      try {
        lease = await this.#slot(signal)
        this.#hindrance = 'login'
        const session = await this.#logIn(lease)
        this.#hindrance = undefined
        return session
      } catch (caught) {
        this.#hindrance = undefined
        await lease?.release().catch(() => {})
        this.#closing.signal.throwIfAborted()
        if (lease === undefined) signal.throwIfAborted()
        const error = asBrokerError(caught, { device: this.#device.name })
        if (!this.#loginFailed(error).worthWaiting) throw error
      }
    }
  }

  /** Why a call that was still to begin has no session at its deadline. */
  async whyNone(): Promise<BrokerError | undefined> {
    if (this.#hindrance === 'login') {
      const message = `the deadline passed while ${loginUnderWay(this.#device)}`
      return new BrokerError('DEADLINE_EXCEEDED', message, { device: this.#device.name })
    }
    if (this.#hindrance !== 'slot') return this.#hindrance
    const { store } = this.#options
    return store?.ledger.sessionLimit(this.#limits).catch(() => undefined)
  }

  /** To be called after each command: gives the session up when its turn is over and others wait. */
  async used(): Promise<void> {
    const held = this.#held
    if (!held?.session.isOpen) return
    held.turn.served()
    if (held.closing) return this.#close(held, held.closing)
    if (held.turn.isOver && (await this.#othersWait())) await this.#close(held, 'evicted')
  }

  /** To be called when there is nothing to do: from now on the session is there for whoever waits. */
  rest(): void {
    const held = this.#held
    if (!held || !this.#options.store) return
    const timer = this.#options.clock.startTimer(IDLE_MS, () => void this.#offer(held, timer))
    this.#idle = timer
  }

  /** Closes it now if it is idle, else after its command. */
  async disconnect(busy: boolean): Promise<void> {
    if (!this.#held) return
    if (busy) this.#held.closing = 'disconnected'
    else await this.#close(this.#held, 'disconnected')
  }

  /** Ends it, and every attempt to have one. Resolves when the slot is free. */
  async close(error: BrokerError): Promise<void> {
    this.#closing.abort(error)
    this.#idle?.cancel()
    this.#idle = undefined
    if (this.#held) await this.#close(this.#held, 'shutdown')
    // Also that of a session which was being given up already, or which the device has ended.
    await this.#released
  }

  /** Waits for a device whose lines are full: it frees one some time after whoever had it has gone. */
  async #untilLoginMayBeTried(signal: AbortSignal): Promise<void> {
    const { pause } = this.#logins
    if (!pause) return
    if (!pause.worthWaiting) throw refusedMeanwhile(pause)
    this.#hindrance = pause.error
    const { clock } = this.#options
    await clock.sleep(pause.remainingMs, AbortSignal.any([signal, this.#closing.signal]))
  }

  get #limits(): { device: string; maxPerDevice: number; maxTotal: number } {
    const { maxSessionsPerDevice: maxPerDevice, maxConnections: maxTotal } = this.#options
    return { device: this.#device.name, maxPerDevice, maxTotal }
  }

  async #slot(signal: AbortSignal): Promise<Lease | undefined> {
    const { store } = this.#options
    try {
      return await store?.ledger.acquire({
        ...this.#limits,
        owner: store.ownerOf(null),
        // Each caller has a deadline of its own; the wait ends when none is left.
        deadlineMs: Infinity,
        signal: AbortSignal.any([signal, this.#closing.signal]),
      })
    } catch (error) {
      throw asStoreError(error)
    }
  }

  async #logIn(lease: Lease | undefined): Promise<Session> {
    const { login, clock, emit } = this.#options
    const device = this.#device.name
    const startedMs = clock.now()
    const session = await openSession(this.#device, {
      ...login,
      signal: this.#closing.signal,
      onChildProcess: (pid) => void lease?.setChildPid(pid).catch(() => {}),
    })
    failpoint('client.direct.logged-in')
    this.#logins.succeeded()
    emit({ event: 'session-opened', device, openMs: clock.now() - startedMs })
    const held: Held = { session, turn: new Turn(clock), closing: undefined }
    this.#held = held
    this.#released = this.#whenEnded(held, lease)
    if (!this.#closing.signal.aborted) return session
    await this.#close(held, 'shutdown')
    throw this.#closing.signal.reason
  }

  async #whenEnded(held: Held, lease: Lease | undefined): Promise<void> {
    const { store, emit } = this.#options
    const device = this.#device.name
    const end = await held.session.ended
    failpoint('client.direct.session-ended')
    if (this.#held === held) this.#held = undefined
    const by = end.by === 'device' ? 'device' : (held.closing ?? 'timed-out')
    // It may have been reloaded: what was true of it need not be true any more.
    if (by === 'device') await store?.epochs.endEpoch(device).catch(() => {})
    // One that cannot be released now is reaped when this process is gone.
    await lease?.release().catch(() => {})
    const message = end.by === 'device' ? asBrokerError(end.error).message : undefined
    emit({ event: 'session-closed', device, by, ...(message !== undefined && { message }) })
  }

  /** Gives an idle session up if others wait; looks again later if nobody does. */
  async #offer(held: Held, timer: Timer): Promise<void> {
    const wanted = await this.#othersWait()
    // Meanwhile it may have been put to use.
    if (this.#idle !== timer) return
    if (wanted) await this.#close(held, 'evicted')
    else this.rest()
  }

  #loginFailed(error: BrokerError): LoginPause {
    const pause = this.#logins.failed(error)
    const { code, message } = error
    const { remainingMs: retryAfterMs } = pause
    this.#options.emit({
      event: 'login-failed',
      device: this.#device.name,
      code,
      message,
      retryAfterMs,
    })
    return pause
  }

  /** A store that cannot be asked now is asked again after the next command. */
  async #othersWait(): Promise<boolean> {
    return (
      (await this.#options.store?.ledger.othersWait(this.#device.name).catch(() => false)) ?? false
    )
  }

  async #close(held: Held, by: ClosedBy): Promise<void> {
    if (this.#held === held) this.#held = undefined
    held.closing = by
    await held.session.close()
    await this.#released
  }
}
