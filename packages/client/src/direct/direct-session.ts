import {
  type Device,
  loginUnderWay,
  openSession,
  type OpenSessionOptions,
  type Session,
} from '@nac-broker/devices'
import { asBrokerError, BrokerError, type BrokerEvent } from '@nac-broker/protocol'
import { type HeldLease, type Lease, ownerOf, type RunStore } from '@nac-broker/run-store'
import { Backoff, type Clock, type Timer } from '@nac-broker/supervisor'
import { asStoreError } from './store-failure.ts'

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
  /** Its turn: what it has done since it was opened. */
  readonly sinceMs: number
  commands: number
  /** Why we close it; undefined: somebody else did. */
  closing: ClosedBy | undefined
}

/** A session that others wait for is given up after this much work, so that everybody has a turn. */
const TURN_COMMANDS = 10
const TURN_MS = 1_000

/** How long one that others wait for may be idle: callers that take turns with it come back at once. */
const IDLE_MS = 50

/** A wrong password tried again and again locks accounts, hence the floor. */
const LOGIN_BACKOFF = { minMs: 1_000, firstMs: 2_000, maxMs: 60_000 }
/** A device frees a line some time after a session ended: try again soon. */
const LINES_FULL_BACKOFF = { minMs: 100, firstMs: 250, maxMs: 2_000 }

/** The one session that this process may have to a device: its slot in the ledger, its login, its turn. */
export class DirectSession {
  readonly #device: Device
  readonly #options: DirectSessionOptions
  readonly #loginBackoff: Backoff
  readonly #linesFullBackoff: Backoff
  readonly #closing = new AbortController()
  #held: Held | undefined
  /** When the session before is over and its slot free. */
  #released: Promise<void> = Promise.resolve()
  /** What the next session waits for. */
  #hindrance: 'slot' | 'login' | BrokerError | undefined
  #idle: Timer | undefined
  /** Why logging in is not tried before `untilMs`. */
  #refused: { untilMs: number; error: BrokerError } | undefined

  constructor(device: Device, options: DirectSessionOptions) {
    this.#device = device
    this.#options = options
    this.#loginBackoff = new Backoff(options.clock, LOGIN_BACKOFF)
    this.#linesFullBackoff = new Backoff(options.clock, LINES_FULL_BACKOFF)
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
      this.#requireNotRefused()
      await this.#released
      this.#hindrance = 'slot'
      const lease = await this.#slot(signal)
      this.#hindrance = 'login'
      try {
        const session = await this.#logIn(lease)
        this.#hindrance = undefined
        return session
      } catch (caught) {
        this.#hindrance = undefined
        await lease?.release().catch(() => {})
        this.#closing.signal.throwIfAborted()
        const error = asBrokerError(caught, { device: this.#device.name })
        const delayMs = this.#loginFailed(error)
        if (error.code !== 'SESSION_LIMIT') throw error
        // Its lines are full: it frees one some time after whoever had it has gone.
        this.#hindrance = error
        await this.#options.clock.sleep(delayMs, AbortSignal.any([signal, this.#closing.signal]))
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
    const { store, maxSessionsPerDevice, maxConnections } = this.#options
    const all = (await store?.ledger.leases().catch(() => undefined)) ?? []
    const device = this.#device.name
    const here = all.filter((lease) => lease.device === device)
    const full = here.length >= maxSessionsPerDevice
    const limit = full
      ? `all ${maxSessionsPerDevice} sessions that it may have are`
      : `${all.length} of the run's ${maxConnections} sessions are`
    const message = `${device}: no session slot in time: ${limit} held by ${namesOf(full ? here : all)}`
    return new BrokerError('SESSION_LIMIT', message, { device })
  }

  /** To be called after each command: gives the session up when its turn is over and others wait. */
  async used(): Promise<void> {
    const held = this.#held
    if (!held?.session.isOpen) return
    held.commands++
    if (held.closing) return this.#close(held, held.closing)
    const heldMs = this.#options.clock.now() - held.sinceMs
    if (held.commands < TURN_COMMANDS && heldMs < TURN_MS) return
    if (await this.#othersWait()) await this.#close(held, 'evicted')
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
  }

  #requireNotRefused(): void {
    const { untilMs = 0, error } = this.#refused ?? {}
    const retryAfterMs = untilMs - this.#options.clock.now()
    if (!error || retryAfterMs <= 0) return
    const seconds = (retryAfterMs / 1000).toFixed(1)
    const message = `${error.message} (not tried again for another ${seconds} s)`
    const { device } = error
    throw new BrokerError(error.code, message, { device, retryAfterMs, cause: error })
  }

  async #slot(signal: AbortSignal): Promise<Lease | undefined> {
    const { store, maxSessionsPerDevice, maxConnections } = this.#options
    try {
      return await store?.ledger.acquire({
        device: this.#device.name,
        owner: ownerOf(null),
        maxPerDevice: maxSessionsPerDevice,
        maxTotal: maxConnections,
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
    this.#loginBackoff.reset()
    this.#linesFullBackoff.reset()
    emit({ event: 'session-opened', device, openMs: clock.now() - startedMs })
    const held: Held = { session, sinceMs: clock.now(), commands: 0, closing: undefined }
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
    if (this.#held === held) this.#held = undefined
    const by = end.by === 'device' ? 'device' : (held.closing ?? 'timed-out')
    // It may have been reloaded: what was true of it need not be true any more.
    if (by === 'device') await store?.epochs.endEpoch(device).catch(() => {})
    // One that cannot be released now is reaped when this process is gone.
    await lease?.release().catch(() => {})
    emit({ event: 'session-closed', device, by })
  }

  /** Gives an idle session up if others wait; looks again later if nobody does. */
  async #offer(held: Held, timer: Timer): Promise<void> {
    const wanted = await this.#othersWait()
    // Meanwhile it may have been put to use.
    if (this.#idle !== timer) return
    if (wanted) await this.#close(held, 'evicted')
    else this.rest()
  }

  /** Returns how long to wait before the next attempt. */
  #loginFailed(error: BrokerError): number {
    const { clock, emit } = this.#options
    const linesFull = error.code === 'SESSION_LIMIT'
    const retryAfterMs = (linesFull ? this.#linesFullBackoff : this.#loginBackoff).nextDelayMs()
    if (!linesFull) this.#refused = { untilMs: clock.now() + retryAfterMs, error }
    const { code, message } = error
    emit({ event: 'login-failed', device: this.#device.name, code, message, retryAfterMs })
    return retryAfterMs
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

/** The first few, the oldest first. */
function namesOf(leases: readonly HeldLease[]): string {
  const names = leases.map(({ owner: { pid, generation } }) =>
    generation === null ? `pid ${pid} (direct)` : `pid ${pid} (generation ${generation})`,
  )
  const different = [...new Set(names)]
  const more = different.length > 3 ? ` and ${different.length - 3} more` : ''
  return `${different.slice(0, 3).join(', ')}${more}`
}
