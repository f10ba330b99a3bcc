import { BrokerError, type CommandEvent } from '@nac-broker/protocol'

/** Who is told that a caller does not want its answer any more. */
export interface CancelListener {
  onCancelled(error: BrokerError): void
}

/** Who asked. */
export interface Caller {
  /** Counts the connections of this broker. */
  readonly client: number
  /** Absent where it has not said. */
  readonly worker?: string | undefined
}

/**
 * One request as the broker sees it: who asked, until when the answer is of use, and whether they left.
 * Not an AbortSignal, because making one and listening to it would cost a cached answer a tenth of its
 * time; a call waits for one thing at a time, so one listener is enough.
 */
export class Call {
  /** Work is shared out fairly between these. */
  readonly caller: Caller
  /** On the clock's monotonic scale, in milliseconds. */
  readonly deadlineMs: number
  /** How often it was sent: to brokers of the run, and again to the device. */
  attempts: number
  /** Where its answer comes from, as far as is known. */
  from: CommandEvent['from'] = 'device'
  #cancelled: BrokerError | undefined
  #listener: CancelListener | undefined

  constructor(caller: Caller, deadlineMs: number, attempt = 1) {
    this.caller = caller
    this.attempts = attempt
    this.deadlineMs = deadlineMs
  }

  cancel(why: string): void {
    this.#cancelled ??= new BrokerError('CANCELLED', why)
    this.#listener?.onCancelled(this.#cancelled)
  }

  /**
   * Names who is to be told when the caller cancels or goes away, or nothing any more.
   * @throws {BrokerError} `CANCELLED` when that has happened already
   */
  whenCancelled(listener: CancelListener | undefined): void {
    if (listener && this.#cancelled) throw this.#cancelled
    this.#listener = listener
  }
}
