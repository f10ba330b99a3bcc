import { BrokerError, type Sent, type Welcome } from '@nac-broker/protocol'
import { type Clock, withDeadline } from '@nac-broker/supervisor'

export interface Limits {
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/** One call of the caller's: its limits, and what has come of it so far, by whichever way it was sent. */
export class Call {
  readonly signal: AbortSignal | undefined
  readonly deadlineMs: number
  readonly #clock: Clock
  readonly #startedMs: number
  /** How often it was sent. */
  attempts = 0
  /** The broker that it was sent to last. */
  sentTo: Welcome | undefined
  /** What is known of the attempts that were left without an answer. */
  #sent: Sent = 'no'

  constructor({ timeoutMs, signal }: Limits, clock: Clock) {
    this.#clock = clock
    this.#startedMs = clock.now()
    this.deadlineMs = this.#startedMs + timeoutMs
    this.signal = signal
  }

  get sent(): Sent {
    return this.#sent
  }

  get elapsedMs(): number {
    return this.#clock.now() - this.#startedMs
  }

  get remainingMs(): number {
    return this.deadlineMs - this.#clock.now()
  }

  /** Takes note of an attempt that nobody will answer any more. */
  unanswered({ sent }: BrokerError): void {
    if (sent !== 'no') this.#sent = sent
  }

  /**
   * Waits for `promise` within the call's limits and `graceMs` more.
   * @throws {BrokerError} `DEADLINE_EXCEEDED`, `CANCELLED`, with `sent` as given
   */
  async wait<Value>(
    promise: PromiseLike<Value>,
    { waitingFor, sent = () => 'no', graceMs = 0 }: WaitOptions,
  ): Promise<Value> {
    const timedOut = (): BrokerError =>
      new BrokerError('DEADLINE_EXCEEDED', `the deadline passed while waiting for ${waitingFor}`, {
        sent: sent(),
      })
    try {
      return await withDeadline(promise, {
        ms: this.remainingMs + graceMs,
        onTimeout: timedOut,
        signal: this.signal,
        clock: this.#clock,
      })
    } catch (error) {
      if (!this.signal?.aborted || error !== this.signal.reason) throw error
      throw new BrokerError('CANCELLED', 'the caller cancelled', { sent: sent(), cause: error })
    }
  }

  /** The error with which the call ends: it says `no` only if that holds for every attempt. */
  failure(error: unknown): unknown {
    if (!(error instanceof BrokerError) || error.sent !== 'no' || this.#sent === 'no') return error
    return withSent(error, this.#sent)
  }
}

interface WaitOptions {
  /** The end of "the deadline passed while waiting for". */
  waitingFor: string
  sent?: () => Sent
  graceMs?: number
}

export function withSent(error: BrokerError, sent: Sent): BrokerError {
  return new BrokerError(error.code, error.message, { ...error.toJSON(), sent, cause: error })
}
