import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import {
  asBrokerError,
  BrokerError,
  type BrokerEvent,
  type BrokerMessage,
  CHUNK_BYTES,
  type ClientMessage,
  decodeClientMessage,
  encodeChunk,
  encodeMessage,
  type FrameError,
  FrameWriter,
  type Hello,
  MAX_FRAME_BYTES,
  type OperationName,
  PROTOCOL_VERSION,
  type Request,
  type Result,
  VERSION,
} from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import type { BrokerContext } from './broker-context.ts'
import { Call, type Caller } from './call.ts'
import type { DialectPeer } from './dialect-peer.ts'
import { perform } from './operations/index.ts'

/** Requests of one connection that may be under way at once. */
const MAX_REQUESTS_IN_FLIGHT = 1024

type State = 'greeting' | 'serving' | 'draining' | 'closed'

/** A client that speaks the MessagePack dialect. */
export class MessagePackPeer implements DialectPeer {
  readonly #socket: Duplex
  readonly #frames: FrameWriter
  readonly #broker: BrokerContext
  #caller: Caller
  readonly #calls = new Map<number, Call>()
  #state: State = 'greeting'
  /** Who it is, once it has said hello. */
  #joined: { client: number; id?: string; worker?: string; pid: number } | undefined
  #left: 'closed' | 'violation' | 'shutdown' = 'closed'
  #unsubscribe: (() => void) | undefined
  #missedEvents = 0
  #draining: Promise<void> | undefined

  constructor(socket: Duplex, broker: BrokerContext, client: number) {
    this.#socket = socket
    this.#frames = new FrameWriter(socket)
    this.#broker = broker
    this.#caller = { client }
  }

  receive(payload: Buffer): void {
    let message: ClientMessage
    try {
      message = decodeClientMessage(payload)
    } catch (error) {
      // Before the hello it may be anything, bad UTF-8 in the other dialect for one: say nothing.
      if (this.#state === 'greeting') this.#socket.destroy()
      else this.#sayGoodbye(asBrokerError(error))
      return
    }
    try {
      this.#handle(message)
    } catch (error) {
      this.#sayGoodbye(asBrokerError(error))
    }
  }

  violated(error: FrameError): void {
    this.#sayGoodbye(new BrokerError('PROTOCOL_VIOLATION', error.message))
  }

  clientEnded(): void {
    this.#socket.destroy()
  }

  closed(): void {
    if (this.#joined) {
      this.#broker.feed.emit({ event: 'client-left', ...this.#joined, how: this.#left })
    }
    this.#state = 'closed'
    this.#unsubscribe?.()
    failpoint('broker.client.gone')
    for (const call of this.#calls.values()) call.cancel('the client is gone')
  }

  shutDown(): void {
    if (this.#state === 'closed') return
    this.#state = 'draining'
    this.#endIfDrained()
  }

  #handle(message: ClientMessage): void {
    switch (message.type) {
      case 'hello':
        return this.#welcome(message)
      case 'request':
        if (this.#state === 'greeting') {
          throw new BrokerError('PROTOCOL_VIOLATION', 'a request before the hello')
        }
        return this.#accept(message)
      case 'cancel':
        return this.#calls.get(message.id)?.cancel('the caller cancelled')
    }
  }

  #welcome({ protocol, client }: Hello): void {
    if (this.#state !== 'greeting') throw new BrokerError('PROTOCOL_VIOLATION', 'a second hello')
    if (protocol !== PROTOCOL_VERSION) {
      throw new BrokerError(
        'PROTOCOL_VIOLATION',
        `the client speaks protocol version ${protocol}, this broker (${VERSION}) speaks ${PROTOCOL_VERSION}; install the same release on both sides`,
      )
    }
    failpoint('broker.client.greets')
    this.#state = 'serving'
    this.#join(client)
    this.#write({
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      version: VERSION,
      pid: process.pid,
      generation: this.#broker.settings.generation,
      store: this.#broker.store?.path ?? null,
      crashPolicy: [...this.#broker.settings.crashPolicy],
      heartbeat: {
        intervalMs: this.#broker.settings.heartbeatIntervalMs,
        timeoutMs: this.#broker.settings.heartbeatTimeoutMs,
      },
      keepaliveIntervalMs: this.#broker.settings.keepaliveIntervalMs,
      limits: {
        maxFrameBytes: MAX_FRAME_BYTES,
        chunkBytes: CHUNK_BYTES,
        maxRequestsInFlight: MAX_REQUESTS_IN_FLIGHT,
        maxSessionsPerDevice: this.#broker.settings.maxSessionsPerDevice,
        maxConnections: this.#broker.settings.maxConnections,
      },
    })
  }

  #join({ id, worker, pid, outages }: Hello['client']): void {
    const { client } = this.#caller
    this.#caller = { client, worker }
    this.#joined = {
      client,
      pid,
      ...(id !== undefined && { id }),
      ...(worker !== undefined && { worker }),
    }
    const event = { event: 'client-joined', ...this.#joined } as const
    this.#broker.feed.emit({ ...event, ...(outages && { outages }) })
  }

  #accept({ id, operation, params, remainingMs, deadlineMs, attempt }: Request): void {
    if (this.#calls.has(id)) {
      throw new BrokerError('PROTOCOL_VIOLATION', `request id ${id} is under way already`)
    }

    const now = this.#broker.clock.now()
    const deadline = Math.min(now + remainingMs, deadlineMs ?? Infinity)
    failpoint('broker.request.received')
    const refusal = this.#refusal(deadline <= now)
    if (refusal) return this.#write({ type: 'response', id, error: refusal.toJSON() })
    const call = new Call(this.#caller, deadline, attempt)
    this.#calls.set(id, call)
    this.#answer(id, call, operation, params)
  }

  #refusal(expired: boolean): BrokerError | undefined {
    if (this.#state !== 'serving') {
      return new BrokerError('SHUTTING_DOWN', 'the broker is shutting down')
    }
    if (expired) return new BrokerError('DEADLINE_EXCEEDED', 'the deadline passed on the way')
    if (this.#calls.size >= MAX_REQUESTS_IN_FLIGHT) {
      return new BrokerError(
        'BROKER_BUSY',
        `${MAX_REQUESTS_IN_FLIGHT} requests of this connection are under way; wait for answers`,
      )
    }
    return undefined
  }

  /** Thousands of these may wait, and a function that awaits would take half a kilobyte for each. */
  #answer(id: number, call: Call, operation: string, params: unknown): void {
    try {
      perform({ broker: this.#broker, call, peer: this }, operation, params).then(
        (result) => this.#respond(id, result),
        (error: unknown) => this.#refuse(id, error),
      )
    } catch (error) {
      this.#refuse(id, error)
    }
  }

  #respond(id: number, result: Result<OperationName>): void {
    const isLong = 'output' in result && result.output.length > CHUNK_BYTES
    if (isLong || this.#socket.writableNeedDrain) return void this.#respondSlowly(id, result)
    try {
      this.#finish(id, result)
    } catch (error) {
      this.#refuse(id, error)
    }
  }

  /** No faster than the client reads. */
  async #respondSlowly(id: number, result: Result<OperationName>): Promise<void> {
    if (this.#socket.writableNeedDrain) await this.#drained()
    try {
      if ('output' in result) result.output = await this.#sendChunks(id, result.output)
      this.#finish(id, result)
    } catch (error) {
      this.#refuse(id, error)
    }
  }

  #finish(id: number, result: Result<OperationName>): void {
    failpoint('broker.request.answered')
    this.#write({ type: 'response', id, result })
    this.#answered(id)
  }

  #refuse(id: number, error: unknown): void {
    this.#write({ type: 'response', id, error: asBrokerError(error).toJSON() })
    this.#answered(id)
  }

  #answered(id: number): void {
    this.#calls.delete(id)
    this.#endIfDrained()
  }

  /** Sends all but the last part of a long output; returns that part. */
  async #sendChunks(id: number, output: Uint8Array): Promise<Uint8Array> {
    let rest = output
    while (rest.length > CHUNK_BYTES && this.#state !== 'closed') {
      failpoint('broker.request.chunk')
      this.#writeChunk(id, rest.subarray(0, CHUNK_BYTES))
      rest = rest.subarray(CHUNK_BYTES)
      if (this.#socket.writableNeedDrain) await this.#drained()
    }
    return rest
  }

  subscribe(again: boolean): void {
    if (this.#unsubscribe) return
    const { feed } = this.#broker
    this.#unsubscribe = feed.all.subscribe((event) => this.#sendEvent(event))
    if (!again) return
    this.#missedEvents = feed.count
    this.#tellMissed()
  }

  /** A subscriber that reads too slowly loses events and is told how many; nobody waits for it. */
  #sendEvent(event: BrokerEvent): void {
    if (this.#socket.writableNeedDrain) {
      if (this.#missedEvents++ === 0) void this.#drained().then(() => this.#tellMissed())
      return
    }
    this.#tellMissed()
    this.#write({ type: 'event', event })
  }

  #tellMissed(): void {
    if (this.#missedEvents === 0) return
    this.#write({ type: 'event', event: { event: 'missed', count: this.#missedEvents } })
    this.#missedEvents = 0
  }

  /** Any number of answers may wait for it: one listener does for all. */
  #drained(): Promise<void> {
    this.#draining ??= this.#untilDrained().finally(() => (this.#draining = undefined))
    return this.#draining
  }

  /** Resolves too when the socket closes: there is nobody left to wait for then. */
  async #untilDrained(): Promise<void> {
    const over = new AbortController()
    const { signal } = over
    await Promise.race([
      once(this.#socket, 'drain', { signal }),
      once(this.#socket, 'close', { signal }),
    ]).catch(() => {})
    over.abort()
  }

  #endIfDrained(): void {
    if (this.#state !== 'draining' || this.#calls.size > 0) return
    this.#sayGoodbye(new BrokerError('SHUTTING_DOWN', 'the broker is shutting down'))
  }

  #sayGoodbye(error: BrokerError): void {
    if (this.#state === 'closed') return
    this.#left = error.code === 'SHUTTING_DOWN' ? 'shutdown' : 'violation'
    this.#write({ type: 'goodbye', error: error.toJSON() })
    this.#state = 'closed'
    this.#socket.end(() => this.#socket.destroy())
  }

  #write(message: BrokerMessage): void {
    if (this.#state !== 'closed' && this.#socket.writable)
      this.#frames.write(encodeMessage(message))
  }

  /** Both pieces of its frame in one system call. */
  #writeChunk(id: number, data: Uint8Array): void {
    if (this.#state === 'closed' || !this.#socket.writable) return
    this.#socket.cork()
    for (const piece of encodeChunk(id, data)) this.#socket.write(piece)
    this.#socket.uncork()
  }
}
