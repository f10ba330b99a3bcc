import {
  asBrokerError,
  BrokerError,
  type CrashPolicy,
  DEFAULT_CRASH_POLICY,
  type Outages,
  parseCrashPolicy,
  type Welcome,
} from '@nac-broker/protocol'
import {
  Backoff,
  type Clock,
  LivenessCheck,
  type LivenessEvent,
  failpoint,
} from '@nac-broker/supervisor'
import { BrokerSearch, type BrokerSearchOptions, RECONNECT_BACKOFF } from './broker-search.ts'
import { Call } from './call.ts'
import type { DirectCommands } from './device-commands.ts'
import type { ClientEvent } from './events.ts'
import type { GivenUpWord } from './given-up-word.ts'
import { Lifecycle, type LifecycleState } from './lifecycle.ts'
import type { BrokerLink } from './link.ts'
import { OutageRecord } from './outage-record.ts'

export interface ConnectionOptions {
  open: BrokerSearchOptions['open']
  /** The devices without a broker; `last` is what the last broker said, `outages` this client's past. */
  goDirect: (
    last: Welcome | undefined,
    outages: () => Outages | undefined,
  ) => Promise<{ commands: DirectCommands; warning: string }>
  /** The client's own; undefined: what the broker says. */
  policy: CrashPolicy | undefined
  /** One attempt; and all attempts together for the first link. */
  connectTimeoutMs: number
  /** All attempts together for every other. */
  reconnectTimeoutMs: number
  /** Undefined: what the broker says. */
  heartbeat: { intervalMs: number | undefined; timeoutMs: number | undefined }
  /** Aborted when nobody will start another broker. */
  givenUp: AbortSignal | undefined
  /** Says so where another process gave it up; asked while there is no broker. */
  openWord?: (last: Welcome | undefined) => GivenUpWord
  clock: Clock
  emit: (event: ClientEvent) => void
}

/** What a subscription that is renewed after a reconnect may take. */
const SUBSCRIBE_MS = 10_000

/**
 * Keeps the client linked to whichever broker the run has, and carries out the crash policy when it is
 * lost. What becomes of the calls is for the policies' decorators.
 */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #lifecycle: Lifecycle
  readonly #outages: OutageRecord
  readonly #closing = new AbortController()
  readonly #search: BrokerSearch
  #policy: CrashPolicy | undefined
  #lastWelcome: Welcome | undefined
  #recovery: Promise<void> = Promise.resolve()
  #subscribed = false

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#policy = options.policy
    this.#outages = new OutageRecord(options.clock)
    this.#lifecycle = new Lifecycle(options.emit)
    this.#search = new BrokerSearch({
      open: options.open,
      attemptMs: options.connectTimeoutMs,
      outages: () => this.#outages.soFar,
      clock: options.clock,
    })
  }

  get state(): LifecycleState {
    return this.#lifecycle.state
  }

  /** What the last broker said of itself. */
  get lastWelcome(): Welcome | undefined {
    return this.#lastWelcome
  }

  /** Aborted when the crash policy has ended in `abort`. */
  get lost(): AbortSignal {
    return this.#lifecycle.lost
  }

  /** Known once the first link is there, or could not be had. */
  get policy(): CrashPolicy {
    return this.#policy ?? DEFAULT_CRASH_POLICY
  }

  /** @throws {BrokerError} why there is neither a broker nor a policy that does without. */
  async connect(signal: AbortSignal | undefined): Promise<void> {
    await using word = this.#options.openWord?.(undefined)
    try {
      const link = await this.#search.find({
        word,
        withinMs: this.#options.connectTimeoutMs,
        signal: signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal,
        again: ({ code }) =>
          code === 'BROKER_BUSY' ||
          (code === 'BROKER_UNAVAILABLE' && this.#policy?.[0] === 'restart'),
      })
      this.#adoptPolicy(link)
      this.#adopt(link)
    } catch (caught) {
      const error = signal?.aborted
        ? new BrokerError('CANCELLED', 'the caller cancelled', { cause: caught })
        : asBrokerError(caught)
      const absent = error.code === 'BROKER_UNAVAILABLE' || error.code === 'BROKER_BUSY'
      if (absent && this.#policy?.at(-1) === 'fallback') await this.#goDirect()
      else this.#lifecycle.apply({ what: 'close', error })
      const { state } = this
      if (state.kind === 'aborted' || state.kind === 'closed') throw state.error
    }
  }

  /**
   * The link to send on.
   * @throws {BrokerError} `BROKER_LOST` while there is none; what the client has ended with.
   */
  link(): BrokerLink {
    const { state } = this
    switch (state.kind) {
      case 'ready':
      case 'suspect':
        return state.link
      case 'lost':
      case 'reconnecting':
      case 'aborted':
      case 'closed':
        throw state.error
      case 'connecting':
      case 'direct':
        throw new BrokerError('BROKER_LOST', 'there is no broker; the devices are reached directly')
    }
  }

  /**
   * Waits until there is a broker, or will be none.
   * @throws {BrokerError} `DEADLINE_EXCEEDED`, `CANCELLED`
   */
  async settled(call: Call): Promise<LifecycleState> {
    await call.wait(this.#lifecycle.whenSettled(), {
      waitingFor: 'the broker to come back',
      sent: () => call.sent,
    })
    return this.state
  }

  /** Has the broker, and each one after it, send its events. */
  async subscribe(call: Call): Promise<void> {
    this.#subscribed = true
    const { state } = this
    if ('link' in state) await state.link.request('subscribe', {}, call)
  }

  /** Idempotent. Resolves when nothing is open any more. */
  async close(): Promise<void> {
    const { state } = this
    const error = closed()
    this.#lifecycle.apply({ what: 'close', error })
    this.#closing.abort(error)
    if ('link' in state) state.link.close(error)
    if (state.kind === 'direct') await state.commands.close()
    await this.#recovery
  }

  #adoptPolicy(link: BrokerLink): void {
    const { crashPolicy } = link.welcome
    try {
      if (crashPolicy.length > 0) this.#policy ??= parseCrashPolicy(crashPolicy)
    } catch (error) {
      link.close(asBrokerError(error))
      throw error
    }
  }

  #adopt(link: BrokerLink): void {
    if (!this.#lifecycle.apply({ what: 'welcome', link })) return link.close(closed())
    const { welcome } = link
    this.#lastWelcome = welcome
    this.#outages.ended()
    const { heartbeat, clock, emit } = this.#options
    const detector = new LivenessCheck({
      probe: () => link.probe(),
      onEvent: (event) => this.#onLiveness(link, event),
      intervalMs: heartbeat.intervalMs ?? welcome.heartbeat.intervalMs,
      timeoutMs: heartbeat.timeoutMs ?? welcome.heartbeat.timeoutMs,
      clock,
    })
    detector.start()
    link.listen({
      onHeard: () => detector.heard(),
      onEvent: emit,
      onOver: (error) => {
        detector.stop()
        this.#onOver(error, detector.missed)
      },
    })
    if (this.#subscribed) void this.#resubscribe(link)
  }

  /**
   * The first request on the link, and the broker says what it had told by then: nothing is missed without
   * a word. What fails is tried again for as long as this is the link; on the next one it begins anew.
   */
  async #resubscribe(link: BrokerLink): Promise<void> {
    const { clock } = this.#options
    const backoff = new Backoff(clock, RECONNECT_BACKOFF)
    for (;;) {
      const call = new Call({ timeoutMs: SUBSCRIBE_MS }, clock)
      try {
        await link.request('subscribe', { again: true }, call)
        return
      } catch {
        if (!this.#isLinkedBy(link)) return
        await clock.sleep(backoff.nextDelayMs(), this.#closing.signal).catch(() => {})
      }
    }
  }

  #isLinkedBy(link: BrokerLink): boolean {
    const { state } = this
    return 'link' in state && state.link === link
  }

  #onLiveness(link: BrokerLink, { event, silentMs }: LivenessEvent): void {
    switch (event) {
      case 'suspect':
        this.#lifecycle.apply({ what: 'silence', silentMs })
        return
      case 'alive':
        this.#lifecycle.apply({ what: 'heard' })
        return
      case 'lost':
        return link.close(
          new BrokerError(
            'BROKER_LOST',
            `the broker was lost: it did not answer for ${Math.round(silentMs)} ms`,
          ),
        )
    }
  }

  #onOver(error: BrokerError, heartbeatsMissed: number): void {
    if (error.code === 'SHUTTING_DOWN') this.#lifecycle.apply({ what: 'close', error })
    else if (this.#lifecycle.apply({ what: 'loss', error })) {
      this.#outages.began(heartbeatsMissed)
      this.#recovery = this.#recover(error)
    }
  }

  /** Never rejects. After each wait the lifecycle itself refuses what comes too late. */
  async #recover(loss: BrokerError): Promise<void> {
    failpoint('client.broker.lost')
    let why = loss
    if (this.policy[0] === 'restart') {
      this.#lifecycle.apply({ what: 'retry' })
      const outcome = await this.#reconnect()
      failpoint('client.reconnect.ended')
      if (!(outcome instanceof BrokerError)) return this.#adopt(outcome)
      if (outcome.code === 'SHUTTING_DOWN') {
        this.#lifecycle.apply({ what: 'close', error: outcome })
        return
      }
      why = new BrokerError(
        'BROKER_LOST',
        `${loss.message}; and none came back: ${outcome.message}`,
      )
    }
    if (this.policy.at(-1) === 'fallback') return this.#goDirect()
    const message = `${why.message} (crash policy ${this.policy.join(', ')})`
    const error = new BrokerError('BROKER_LOST', message, { cause: why })
    failpoint('client.aborted')
    this.#lifecycle.apply({ what: 'abort', error })
  }

  async #reconnect(): Promise<BrokerLink | BrokerError> {
    const { reconnectTimeoutMs: withinMs, givenUp } = this.#options
    const signal = givenUp ? AbortSignal.any([givenUp, this.#closing.signal]) : this.#closing.signal
    await using word = this.#options.openWord?.(this.#lastWelcome)
    const again = ({ code }: BrokerError): boolean => code !== 'SHUTTING_DOWN'
    try {
      return await this.#search.findNext({ withinMs, signal, again, word })
    } catch (error) {
      if (!givenUp?.aborted && !word?.said) return asBrokerError(error)
      return new BrokerError('BROKER_LOST', 'restarting it was given up', { cause: error })
    }
  }

  async #goDirect(): Promise<void> {
    if (this.#closing.signal.aborted) return
    try {
      failpoint('client.fallback.begins')
      const direct = await this.#options.goDirect(this.#lastWelcome, () => this.#outages.soFar)
      this.#outages.ended()
      failpoint('client.fallback.ready')
      if (!this.#lifecycle.apply({ what: 'fallback', ...direct })) await direct.commands.close()
    } catch (error) {
      this.#lifecycle.apply({ what: 'abort', error: asBrokerError(error) })
    }
  }
}

function closed(): BrokerError {
  return new BrokerError('CANCELLED', 'the client was closed')
}
