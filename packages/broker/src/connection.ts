import type { Duplex } from 'node:stream'
import { FrameDecoder, FrameError, isMessagePackDialect } from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import type { BrokerContext } from './broker-context.ts'
import type { DialectPeer } from './dialect-peer.ts'
import { MessagePackPeer } from './messagepack-peer.ts'
import { NacTestPeer } from './nac-test-peer.ts'

/** A client's socket, from accept to close; the first payload tells which dialect it speaks. */
export class Connection {
  readonly #socket: Duplex
  readonly #broker: BrokerContext
  readonly #client: number
  readonly #decoder = new FrameDecoder()
  #peer: DialectPeer | undefined
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>

  /** `client` numbers the connections of a broker. */
  constructor(socket: Duplex, broker: BrokerContext, client: number) {
    this.#socket = socket
    this.#broker = broker
    this.#client = client
    failpoint('broker.client.accepted')
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('drain', () => socket.resume())
    socket.on('end', () => this.#ended())
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#peer?.closed()
        resolve()
      })
    })
    // The close that follows says all there is to say: the client is gone.
    socket.on('error', () => {})
  }

  shutDown(): void {
    if (this.#peer) this.#peer.shutDown()
    else this.#socket.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    try {
      for (const payload of this.#decoder.push(chunk)) {
        if (this.#socket.destroyed) return
        this.#peer ??= this.#greet(payload)
        this.#peer.receive(payload)
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      if (this.#peer) this.#peer.violated(error)
      else this.#socket.destroy()
    }
    // A client that does not read its answers is not read from either.
    if (this.#socket.writableNeedDrain) this.#socket.pause()
  }

  #greet(payload: Buffer): DialectPeer {
    const Peer = isMessagePackDialect(payload[0] ?? 0) ? MessagePackPeer : NacTestPeer
    return new Peer(this.#socket, this.#broker, this.#client)
  }

  #ended(): void {
    if (this.#decoder.midFrame || !this.#peer) this.#socket.destroy()
    else this.#peer.clientEnded()
  }
}
