import type { Socket } from 'node:net'
import {
  BrokerError,
  type BrokerEvent,
  type BrokerMessage,
  decodeBrokerMessage,
  encodeMessage,
  type FrameDecoder,
  type OperationName,
  type Params,
  type Result,
  type Sent,
  type Welcome,
} from '@nac-broker/protocol'
import { type Clock, withDeadline } from '@nac-broker/supervisor'

export interface RequestOptions {
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/** The broker answers at the deadline itself, and knows more; it is given this long to be heard. */
const DEADLINE_GRACE_MS = 100

interface Pending {
  readonly chunks: Uint8Array[]
  resolve: (result: unknown) => void
  reject: (error: BrokerError) => void
}

type State = { kind: 'open' } | { kind: 'over'; error: BrokerError }

/** One greeted connection to a broker: requests out, answers in, matched by id. Over when it is over. */
export class Link {
  readonly welcome: Welcome
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #onEvent: (event: BrokerEvent) => void
  readonly #pending = new Map<number, Pending>()
  #state: State = { kind: 'open' }
  #lastId = 0
  /** Resolves with the reason when the link is over, whoever ended it. */
  readonly ended: Promise<BrokerError>
  #onEnded: (error: BrokerError) => void

  constructor(options: {
    socket: Socket
    decoder: FrameDecoder
    welcome: Welcome
    clock: Clock
    onEvent: (event: BrokerEvent) => void
  }) {
    const { socket, decoder, welcome, clock, onEvent } = options
    this.welcome = welcome
    this.#socket = socket
    this.#clock = clock
    this.#onEvent = onEvent
    const { promise, resolve } = Promise.withResolvers<BrokerError>()
    this.ended = promise
    this.#onEnded = resolve
    socket.on('data', (chunk: Buffer) => this.#read(decoder, chunk))
    socket.on('error', (error) => this.#over(lost(error.message)))
    socket.on('close', () => this.#over(lost('it closed the connection')))
  }

  /** @throws {BrokerError} what the broker answered, or `DEADLINE_EXCEEDED`, `CANCELLED`, `BROKER_LOST` */
  async request<Name extends OperationName>(
    operation: Name,
    params: Params<Name>,
    { timeoutMs, signal }: RequestOptions,
  ): Promise<Result<Name>> {
    if (signal?.aborted) throw new BrokerError('CANCELLED', 'the caller cancelled')
    if (this.#state.kind === 'over') throw this.#state.error
    const id = ++this.#lastId
    const limits = { remainingMs: timeoutMs, deadlineMs: this.#clock.now() + timeoutMs }
    const frame = encodeMessage({ type: 'request', id, operation, params, ...limits })
    const answer = new Promise<unknown>((resolve, reject) =>
      this.#pending.set(id, { chunks: [], resolve, reject }),
    )
    this.#socket.write(frame)
    try {
      return (await withDeadline(answer, {
        ms: timeoutMs + DEADLINE_GRACE_MS,
        onTimeout: () => silent(operation, timeoutMs),
        signal,
        clock: this.#clock,
      })) as Result<Name>
    } catch (error) {
      if (error instanceof BrokerError) throw error
      // Only the caller's signal ends the wait with an error that is not ours.
      this.#socket.write(encodeMessage({ type: 'cancel', id }))
      throw new BrokerError('CANCELLED', 'the caller cancelled', { sent: 'unknown', cause: error })
    } finally {
      this.#pending.delete(id)
    }
  }

  /** Ends the link; what is pending rejects with `error`. */
  close(error: BrokerError): void {
    this.#over(error)
    this.#socket.destroy()
  }

  #read(decoder: FrameDecoder, chunk: Buffer): void {
    try {
      for (const payload of decoder.push(chunk)) this.#handle(decodeBrokerMessage(payload))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.close(lost(`it sent something that cannot be understood: ${why}`))
    }
  }

  #handle(message: BrokerMessage): void {
    switch (message.type) {
      case 'response':
        return this.#settle(message.id, message)
      case 'chunk':
        this.#pending.get(message.id)?.chunks.push(message.data)
        return
      case 'event':
        return this.#onEvent(message.event)
      case 'goodbye':
        return this.close(BrokerError.fromWire(message.error))
      case 'welcome':
        throw new BrokerError('PROTOCOL_VIOLATION', 'a second welcome')
    }
  }

  /** An answer that nobody waits for any more is dropped: it must not reach another caller. */
  #settle(id: number, { result, error }: Extract<BrokerMessage, { type: 'response' }>): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    if (error) return pending.reject(BrokerError.fromWire(error))
    if (pending.chunks.length > 0 && hasOutput(result)) {
      result.output = Buffer.concat([...pending.chunks, result.output])
    }
    pending.resolve(result)
  }

  #over(error: BrokerError): void {
    if (this.#state.kind === 'over') return
    this.#state = { kind: 'over', error }
    for (const { reject } of this.#pending.values()) reject(withSent(error, 'unknown'))
    this.#onEnded(error)
  }
}

function hasOutput(result: unknown): result is { output: Uint8Array } {
  return typeof result === 'object' && result !== null && 'output' in result
}

function lost(why: string): BrokerError {
  return new BrokerError('BROKER_LOST', `the broker was lost: ${why}`)
}

function silent(operation: string, timeoutMs: number): BrokerError {
  return new BrokerError(
    'DEADLINE_EXCEEDED',
    `no answer from the broker to ${operation} within ${timeoutMs} ms`,
    { sent: 'unknown' },
  )
}

function withSent(error: BrokerError, sent: Sent): BrokerError {
  return new BrokerError(error.code, error.message, { ...error.toJSON(), sent, cause: error })
}
