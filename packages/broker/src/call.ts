import { BrokerError } from '@nac-broker/protocol'

/**
 * One request as the broker sees it: who asked, until when the answer is of use, and whether they left.
 * Not an AbortSignal, because making one and listening to it would cost a cached answer a tenth of its
 * time; a call waits for one thing at a time, so one listener is enough.
 */
export class Call {
  /** Which connection asked; work is shared out fairly between these. */
  readonly client: number
  /** On the clock's monotonic scale, in milliseconds. */
  readonly deadlineMs: number
  #cancelled: BrokerError | undefined
  #onCancel: ((error: BrokerError) => void) | undefined

  constructor(client: number, deadlineMs: number) {
    this.client = client
    this.deadlineMs = deadlineMs
  }

  cancel(why: string): void {
    this.#cancelled ??= new BrokerError('CANCELLED', why)
    this.#onCancel?.(this.#cancelled)
  }

  /**
   * Names what is to be told when the caller cancels or goes away, or nothing any more.
   * @throws {BrokerError} `CANCELLED` when that has happened already
   */
  whenCancelled(listener: ((error: BrokerError) => void) | undefined): void {
    if (listener && this.#cancelled) throw this.#cancelled
    this.#onCancel = listener
  }
}
