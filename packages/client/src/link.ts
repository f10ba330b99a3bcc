import type { Duplex } from 'node:stream'
import {
  BrokerError,
  type BrokerEvent,
  type BrokerMessage,
  decodeBrokerMessage,
  encodeMessage,
  type FrameDecoder,
  FrameWriter,
  type OperationName,
  type Params,
  type Result,
  type Welcome,
} from '@nac-broker/protocol'
import { type Clock, Deadlines, type Expiring, failpoint } from '@nac-broker/supervisor'
import { type Call, withSent } from './call.ts'

/** The broker answers at the deadline itself, and knows more; it is given this long to be heard. */
const DEADLINE_GRACE_MS = 100

/** What a probe's answer is worth: after this nobody waits for it. */
const PROBE_MS = 10_000

/** Told synchronously, in the turn of the loop in which it happens. */
export interface LinkListener {
  /** Something came, whatever it was. */
  onHeard(): void
  onEvent(event: BrokerEvent): void
  /** Once. What was pending has been rejected with it. */
  onOver(error: BrokerError): void
}

/** One greeted connection to a broker. */
export interface BrokerLink {
  readonly welcome: Welcome
  /** From now on; one that is over already says so at once. */
  listen(listener: LinkListener): void
  /** @throws {BrokerError} what the broker answered, or `DEADLINE_EXCEEDED`, `CANCELLED`, `BROKER_LOST` */
  request<Name extends OperationName>(
    operation: Name,
    params: Params<Name>,
    call: Call,
  ): Promise<Result<Name>>
  /** Asks the broker for a sign of life. */
  probe(): void
  /** Ends the link; what is pending rejects with `error`. */
  close(error: BrokerError): void
}

interface Pending extends Expiring {
  readonly chunks: Uint8Array[]
  resolve: (result: unknown) => void
  reject: (error: BrokerError) => void
}

type State = { kind: 'open' } | { kind: 'over'; error: BrokerError }

export interface LinkParts {
  socket: Duplex
  decoder: FrameDecoder
  welcome: Welcome
  clock: Clock
}

/** Requests out, answers in, matched by id. Over when it is over. */
export class Link implements BrokerLink {
  readonly welcome: Welcome
  readonly #socket: Duplex
  readonly #frames: FrameWriter
  readonly #pending = new Map<number, Pending>()
  readonly #deadlines: Deadlines
  #listener: LinkListener | undefined
  #state: State = { kind: 'open' }
  #lastId = 0

  constructor({ socket, decoder, welcome, clock }: LinkParts) {
    this.welcome = welcome
    this.#socket = socket
    this.#frames = new FrameWriter(socket)
    this.#deadlines = new Deadlines(clock)
    socket.on('data', (chunk: Buffer) => this.#read(decoder, chunk))
    socket.on('error', (error) => this.#over(lost(error.message)))
    socket.on('close', () => this.#over(lost('it closed the connection')))
  }

  listen(listener: LinkListener): void {
    this.#listener = listener
    if (this.#state.kind === 'over') listener.onOver(this.#state.error)
  }

  async request<Name extends OperationName>(
    operation: Name,
    params: Params<Name>,
    call: Call,
  ): Promise<Result<Name>> {
    if (call.signal?.aborted) throw new BrokerError('CANCELLED', 'the caller cancelled')
    if (this.#state.kind === 'over') throw withSent(this.#state.error, 'no')
    const id = ++this.#lastId
    const { remainingMs, deadlineMs } = call
    const request = { type: 'request', id, operation, params, remainingMs, deadlineMs } as const
    const attempt = call.attempts + 1
    this.#frames.write(encodeMessage(attempt === 1 ? request : { ...request, attempt }))
    failpoint('client.request.sent')
    call.attempts = attempt
    call.sentTo = this.welcome
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const pending: Pending = {
      chunks: [],
      deadlineMs: deadlineMs + DEADLINE_GRACE_MS,
      expire: () => reject(overdue(operation)),
      resolve,
      reject,
    }
    this.#pending.set(id, pending)
    this.#deadlines.add(pending)
    const { signal } = call
    const cancel = (): void => this.#cancel(id, signal)
    signal?.addEventListener('abort', cancel)
    try {
      return (await promise) as Result<Name>
    } finally {
      signal?.removeEventListener('abort', cancel)
      this.#deadlines.delete(pending)
      this.#pending.delete(id)
    }
  }

  probe(): void {
    const id = ++this.#lastId
    const request = { type: 'request', id, operation: 'ping', params: {} } as const
    this.#frames.write(encodeMessage({ ...request, remainingMs: PROBE_MS }))
  }

  close(error: BrokerError): void {
    this.#over(error)
    this.#socket.destroy()
  }

  #cancel(id: number, signal: AbortSignal | undefined): void {
    const options = { sent: 'unknown', cause: signal?.reason } as const
    this.#pending.get(id)?.reject(new BrokerError('CANCELLED', 'the caller cancelled', options))
    if (this.#state.kind === 'open') this.#frames.write(encodeMessage({ type: 'cancel', id }))
  }

  #read(decoder: FrameDecoder, chunk: Buffer): void {
    this.#listener?.onHeard()
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
        return this.#listener?.onEvent(message.event)
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
    failpoint('client.request.answered')
    if (pending.chunks.length > 0 && hasOutput(result)) {
      result.output = Buffer.concat([...pending.chunks, result.output])
    }
    pending.resolve(result)
  }

  #over(error: BrokerError): void {
    if (this.#state.kind === 'over') return
    failpoint('client.link.over')
    this.#state = { kind: 'over', error }
    this.#deadlines.stop()
    for (const { reject } of this.#pending.values()) reject(withSent(error, 'unknown'))
    this.#listener?.onOver(error)
  }
}

function hasOutput(result: unknown): result is { output: Uint8Array } {
  return typeof result === 'object' && result !== null && 'output' in result
}

function overdue(operation: OperationName): BrokerError {
  const message = `the deadline passed while waiting for the broker's answer to ${operation}`
  return new BrokerError('DEADLINE_EXCEEDED', message, { sent: 'unknown' })
}

function lost(why: string): BrokerError {
  return new BrokerError('BROKER_LOST', `the broker was lost: ${why}`)
}
