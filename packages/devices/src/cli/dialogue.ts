import { BrokerError } from '@nac-broker/protocol'
import type { Clock, Timer } from '@nac-broker/supervisor'
import type { Transport } from '../transports/transport.ts'
import type { Listener } from './listener.ts'

type State =
  | { kind: 'quiet' }
  | { kind: 'listening'; listener: Listener<unknown>; settle: Settle; check?: Pending }
  | { kind: 'over'; error: BrokerError }

interface Settle {
  resolve(answer: unknown): void
  reject(error: BrokerError): void
}

/** The next look at what was heard: when all that can be read has been, or after a silence. */
type Pending = { immediate: NodeJS.Immediate } | { silence: Timer }

/** Question and answer over a transport, one at a time. What comes unasked is dropped. */
export class Dialogue {
  readonly #transport: Transport
  readonly #clock: Clock
  #state: State = { kind: 'quiet' }
  /** Settles, never rejecting, when the transport is closed: with the reason, if it was not our doing. */
  readonly closed: Promise<BrokerError | undefined>

  constructor(transport: Transport, clock: Clock) {
    this.#transport = transport
    this.#clock = clock
    const { promise, resolve } = Promise.withResolvers<BrokerError | undefined>()
    this.closed = promise
    transport.start({
      onData: (bytes) => this.#onData(bytes),
      onClose: (error) => {
        this.#answerNow()
        this.#end(error ?? new BrokerError('SESSION_LOST', 'the session was closed'))
        resolve(error)
      },
    })
  }

  /**
   * Sends `text`, if any, and waits until `listener` has its answer. How long is the caller's affair:
   * see `fail`.
   * @throws {BrokerError} why the dialogue is over
   */
  async ask<Answer>(text: string | undefined, listener: Listener<Answer>): Promise<Answer> {
    if (this.#state.kind === 'over') throw this.#state.error
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#state = { kind: 'listening', listener, settle: { resolve, reject } }
    })
    if (text !== undefined) this.#transport.write(text)
    return (await answer) as Answer
  }

  /** Sends `text` while an answer is being waited for. */
  interject(text: string): void {
    if (this.#state.kind === 'listening') this.#transport.write(text)
  }

  /** Drops the transport; whoever waits for an answer, or asks later, gets `error`. Idempotent. */
  fail(error: BrokerError): void {
    this.#end(error)
    this.#transport.destroy()
  }

  async close(): Promise<void> {
    await this.#transport.close()
  }

  #onData(bytes: Buffer): void {
    if (this.#state.kind !== 'listening') return
    const { listener, check } = this.#state
    listener.hear(bytes)
    if (check && 'immediate' in check) return
    check?.silence.cancel()
    // Not now: one read may hold several pieces, and a prompt is one only when nothing follows it.
    this.#state.check = { immediate: setImmediate(() => this.#check()) }
  }

  #check(): void {
    if (this.#state.kind !== 'listening') return
    const { listener, settle } = this.#state
    const hearing = listener.hearing()
    switch (hearing.kind) {
      case 'incomplete':
        delete this.#state.check
        return
      case 'complete':
        this.#state = { kind: 'quiet' }
        return settle.resolve(hearing.answer)
      case 'doubtful': {
        const silence = this.#clock.startTimer(hearing.quietMs, () => {
          this.#state = { kind: 'quiet' }
          settle.resolve(hearing.answer)
        })
        this.#state.check = { silence }
      }
    }
  }

  /** Nothing more will come. */
  #answerNow(): void {
    if (this.#state.kind !== 'listening') return
    const { settle, listener } = this.#state
    const hearing = listener.hearing()
    if (hearing.kind === 'incomplete') return
    this.#stopWaiting()
    this.#state = { kind: 'quiet' }
    settle.resolve(hearing.answer)
  }

  #end(error: BrokerError): void {
    if (this.#state.kind === 'over') return
    this.#stopWaiting()
    const before = this.#state
    this.#state = { kind: 'over', error }
    if (before.kind === 'listening') before.settle.reject(error)
  }

  #stopWaiting(): void {
    const check = this.#state.kind === 'listening' ? this.#state.check : undefined
    if (check && 'immediate' in check) clearImmediate(check.immediate)
    else check?.silence.cancel()
  }
}
