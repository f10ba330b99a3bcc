import { Duplex } from 'node:stream'
import { BrokerError } from '@nac-broker/protocol'
import type { WireFault } from '../proxy/fault-proxy.ts'
import type { NoBroker, WireFaults } from '../real/world.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import { SimulatedWire, type WireSetup } from './simulated-wire.ts'

type SocketFile =
  | { readonly kind: 'socket'; readonly owner: SimulatedProcess; accept: (socket: Duplex) => void }
  | { readonly kind: NoBroker }

/** The one Unix socket of a run, and every connection to it. */
export class SimulatedNetwork implements WireFaults {
  readonly #setup: WireSetup
  readonly #wires = new Set<SimulatedWire>()
  #file: SocketFile | undefined
  #hasDirectory = true
  isForbidden = false
  #fault: WireFault | undefined

  constructor(setup: WireSetup) {
    this.#setup = setup
  }

  get hasFile(): boolean {
    return this.#file !== undefined
  }

  /** Connections that are not closed at both their ends. */
  get open(): number {
    return [...this.#wires].filter((wire) => !wire.isOver).length
  }

  /** @throws {BrokerError} `SOCKET_IN_USE`, `SOCKET_PATH_INVALID` */
  listen(
    owner: SimulatedProcess,
    accept: (socket: Duplex) => void,
  ): { close: () => Promise<void> } {
    if (!this.#hasDirectory)
      throw new BrokerError('SOCKET_PATH_INVALID', 'socket broker.sock: ENOENT: no such directory')
    const there = this.#file
    if (there?.kind === 'socket' && !there.owner.isDead)
      throw new BrokerError('SOCKET_IN_USE', 'the socket belongs to a living broker')
    if (there?.kind === 'file' || there?.kind === 'link')
      throw new BrokerError(
        'SOCKET_PATH_INVALID',
        'socket broker.sock: the file that is there is no socket',
      )
    let closed = false
    const unlessClosed = (socket: Duplex): void => {
      if (closed) socket.destroy()
      else accept(socket)
    }
    const mine: SocketFile = { kind: 'socket', owner, accept: unlessClosed }
    owner.step(() => void (this.#file = mine))
    return {
      close: async () => {
        closed = true
        owner.step(() => {
          if (this.#file === mine) this.#file = undefined
        })
      },
    }
  }

  /** What a broker that was killed has left. */
  clear(): void {
    this.#file = undefined
  }

  removeDirectory(): void {
    this.#hasDirectory = false
    this.#file = undefined
  }

  replaceFile(by: NoBroker): void {
    this.#file = { kind: by }
  }

  connect(from: SimulatedProcess): Duplex {
    const file = this.#file
    const { time, random } = this.#setup
    const soonMs = time.now() + random.random()
    const isDead = file?.kind !== 'socket' || file.owner.isDead
    if (isDead || this.isForbidden) {
      const known = isDead ? 'ECONNREFUSED' : 'EACCES'
      const code = file === undefined ? 'ENOENT' : known
      const refused = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
      const error = Object.assign(new Error(`connect ${code}`), { code })
      time.at(soonMs, () => from.step(() => refused.destroy(error)))
      return refused
    }
    const wire = new SimulatedWire(this.#setup, from, file.owner)
    this.#wires.add(wire)
    wire.suffer(this.#fault)
    time.at(soonMs, () => from.step(() => wire.near.emit('connect')))
    const accept = (): void => {
      if (file.owner.opensDescriptor()) file.accept(wire.far)
      else wire.far.destroy()
    }
    wire.carry('far', 0, () => file.owner.step(accept))
    // As sockets are by default.
    wire.near.once('end', () => wire.near.end())
    return wire.near
  }

  suffer(fault: WireFault): void {
    this.#fault = fault
    for (const wire of this.#wires) wire.suffer(fault)
  }

  mend(): void {
    this.#fault = undefined
    for (const wire of this.#wires) wire.suffer(undefined)
  }

  reset(): void {
    for (const wire of this.#wires) wire.reset()
  }
}
