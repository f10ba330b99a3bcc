import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  BrokerError,
  type BrokerMessage,
  decodeClientMessage,
  encodeMessage,
  FrameDecoder,
  type Request,
  type Welcome,
} from '@nac-broker/protocol'
import { onTestFinished } from 'vitest'
import type { ClientEvent } from './events.ts'

/** What a test says to a request; undefined: nothing, for ever. */
export type Script = (request: Request) => object | BrokerError | undefined

/**
 * A broker on a real socket that says what the test tells it to say. It answers `ping` and `subscribe`
 * itself.
 */
export class ScriptedBroker {
  /** What came, but for pings. */
  readonly requests: Request[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #welcome: Welcome
  readonly #script: Script
  #frozen = false
  #greeted = 0
  readonly #wake = new Set<() => void>()

  private constructor(script: Script, welcome: Partial<Welcome>) {
    this.#script = script
    this.#welcome = {
      type: 'welcome',
      protocol: 1,
      version: '0.0.0',
      pid: process.pid,
      generation: 1,
      store: null,
      crashPolicy: ['restart', 'abort'],
      heartbeat: { intervalMs: 500, timeoutMs: 1_500 },
      limits: { maxFrameBytes: 10_485_760, chunkBytes: 1_048_576, maxRequestsInFlight: 1_024 },
      ...welcome,
    }
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** Dead after the test at the latest. */
  static async start(
    socketPath: string,
    script: Script = () => undefined,
    welcome: Partial<Welcome> = {},
  ): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker(script, welcome)
    broker.#server.listen({ path: socketPath, backlog: 4096 })
    await once(broker.#server, 'listening')
    onTestFinished(() => broker.kill())
    return broker
  }

  /** Resolves when this many requests, pings not counted, have come. */
  hasRequests(count: number): Promise<void> {
    return this.#until(() => this.requests.length >= count)
  }

  /** Resolves when this many clients have been welcomed. */
  hasGreeted(count: number): Promise<void> {
    return this.#until(() => this.#greeted >= count)
  }

  /** Resolves when only this many clients are linked to it. */
  hasClients(count: number): Promise<void> {
    return this.#until(() => this.#sockets.size === count)
  }

  /** As a process that is killed: every socket ends, nobody listens. */
  async kill(): Promise<void> {
    this.hangUp()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** Every socket ends; who comes again is welcome. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** As a process that is stopped: accepts, and says nothing. */
  freeze(): void {
    this.#frozen = true
  }

  thaw(): void {
    this.#frozen = false
  }

  /** As a broker that shuts down as planned. */
  shutDown(): void {
    const error = new BrokerError('SHUTTING_DOWN', 'the broker is shutting down').toJSON()
    for (const socket of this.#sockets) socket.end(encodeMessage({ type: 'goodbye', error }))
  }

  emit(event: Extract<BrokerMessage, { type: 'event' }>['event']): void {
    for (const socket of this.#sockets) socket.write(encodeMessage({ type: 'event', event }))
  }

  #accept(socket: Socket): void {
    const decoder = new FrameDecoder()
    this.#sockets.add(socket)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#changed()
    })
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      for (const payload of decoder.push(chunk)) this.#hear(socket, payload)
    })
  }

  #hear(socket: Socket, payload: Buffer): void {
    if (this.#frozen) return
    const message = decodeClientMessage(payload)
    if (message.type === 'hello') {
      socket.write(encodeMessage(this.#welcome))
      this.#greeted++
      this.#changed()
    }
    if (message.type !== 'request') return
    const { id, operation } = message
    if (operation === 'ping') return respond(socket, id, { pong: true })
    this.requests.push(message)
    const said = operation === 'subscribe' ? { subscribed: true } : this.#script(message)
    if (said !== undefined) respond(socket, id, said)
    this.#changed()
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake.add(resolve))
  }

  #changed(): void {
    for (const wake of this.#wake) wake()
    this.#wake.clear()
  }
}

function respond(socket: Socket, id: number, said: object | BrokerError): void {
  const answer = said instanceof BrokerError ? { error: said.toJSON() } : { result: said }
  socket.write(encodeMessage({ type: 'response', id, ...answer }))
}

/** The answer to an `execute`. */
export function output(text: string, cached = false): object {
  return { output: Buffer.from(text), cached }
}

/** A directory that is gone after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-client-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Reads on until the client is told this. */
export async function untilEvent<Name extends ClientEvent['event']>(
  events: AsyncGenerator<ClientEvent, void, undefined>,
  name: Name,
): Promise<Extract<ClientEvent, { event: Name }>> {
  for (;;) {
    const { value } = await events.next()
    if (!value) throw new Error(`the events ended without ${name}`)
    if (value.event === name) return value as Extract<ClientEvent, { event: Name }>
  }
}
