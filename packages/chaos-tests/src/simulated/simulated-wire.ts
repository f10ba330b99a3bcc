import { Duplex } from 'node:stream'
import type { VirtualClock } from '@nac-broker/supervisor'
import type { WireFault } from '../proxy/fault-proxy.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { SimulatedTime } from './simulated-time.ts'

export interface WireSetup {
  readonly time: SimulatedTime
  readonly random: VirtualClock
  /** A device's wire is enciphered: bytes that were not sent end it, and pieces come whole. */
  readonly enciphered?: boolean
}

/** How long a piece takes on its way, at most, in milliseconds. */
const LONGEST_WAY_MS = 0.5

/** A connection between two processes of a simulation, as sockets at both its ends; `far` may be a device. */
export class SimulatedWire {
  readonly near: WireEnd
  readonly far: WireEnd
  readonly #setup: WireSetup
  /** What is held back: each looks again whether it has to be. */
  readonly #held: (() => void)[] = []
  #bytesLeft = 0
  readonly #lastArrivalMs = { near: 0, far: 0 }
  #fault: WireFault | undefined
  /** Whether anything has ever come through. */
  #isPassed = false

  constructor(setup: WireSetup, near: SimulatedProcess, far: SimulatedProcess | undefined) {
    this.#setup = setup
    this.near = new WireEnd(this, 'near', near)
    this.far = new WireEnd(this, 'far', far)
    near.onDeath(() => this.tellClosed(() => this.far.peerIsGone('closed')))
    far?.onDeath(() => this.tellClosed(() => this.near.peerIsGone('closed')))
  }

  get isOver(): boolean {
    return this.near.isOver && this.far.isOver
  }

  suffer(fault: WireFault | undefined): void {
    this.#fault = fault
    if (fault?.kind === 'limit') this.#bytesLeft = fault.bytes
    if (fault?.kind === 'half-close') {
      const end = fault.towards === 'server' ? this.far : this.near
      this.carry(end.side, 0, () => end.ended())
    }
    for (const go of this.#held.splice(0)) go()
  }

  reset(): void {
    for (const end of [this.near, this.far]) {
      this.carry(end.side, 0, () => end.peerIsGone('reset'))
    }
  }

  /** One end has closed, or died: the other one is told, unless it is not to be. */
  tellClosed(tell: () => void): void {
    if (this.#fault?.kind === 'never-close') this.#held.push(() => this.tellClosed(tell))
    else tell()
  }

  /** Brings something to an end, after what was sent there before. */
  carry(to: Side, bytes: number, arrive: () => void): void {
    const { time, random } = this.#setup
    const fault = this.#fault
    if (fault?.kind === 'silent' || (fault?.kind === 'unanswered' && !this.#isPassed)) {
      this.#held.push(() => this.carry(to, bytes, arrive))
      return
    }
    this.#isPassed = true
    let wayMs = random.random() * LONGEST_WAY_MS
    if (fault?.kind === 'latency') wayMs += fault.ms
    if (fault?.kind === 'slow') wayMs += bytes / fault.bytesPerMs
    const atMs = Math.max(time.now() + wayMs, this.#lastArrivalMs[to])
    this.#lastArrivalMs[to] = atMs
    time.at(atMs, arrive)
  }

  /** What becomes of a piece on its way, in the order in which it comes out. */
  send(to: Side, piece: Buffer, arrive: (piece: Buffer, last: boolean) => void): void {
    const carry = (part: Buffer, last = true): void =>
      this.carry(to, part.length, () => arrive(part, last))
    const fault = this.#fault
    switch (fault?.kind) {
      case 'sliced': {
        // What is enciphered can be read when all of it is there.
        const bytes = this.#setup.enciphered ? piece.length : fault.bytes
        for (let at = 0; at < piece.length; at += bytes)
          carry(piece.subarray(at, at + bytes), at + bytes >= piece.length)
        return
      }
      case 'torn':
        carry(piece.subarray(0, fault.bytes))
        return this.#spoil()
      case 'limit': {
        const bytes = this.#bytesLeft
        this.#bytesLeft -= piece.length
        if (piece.length < bytes) return carry(piece)
        carry(piece.subarray(0, Math.max(0, bytes)))
        for (const { side } of [this.near, this.far])
          this.carry(side, 0, () => this[side].peerIsGone('closed'))
        return
      }
      case 'garbage':
      case 'duplicate':
        if ((to === 'near') === (fault.kind === 'garbage' && fault.towards === 'server'))
          return carry(piece)
        this.#fault = undefined
        carry(piece, false)
        if (this.#setup.enciphered) return this.#spoil()
        return carry(fault.kind === 'duplicate' ? piece : Buffer.alloc(fault.bytes, 0xc1))
      default:
        carry(piece)
    }
  }

  #spoil(): void {
    this.#fault = undefined
    this.reset()
  }
}

type Side = 'near' | 'far'

/** One end, held by a process, or by a device. */
export class WireEnd extends Duplex {
  readonly side: Side
  readonly #wire: SimulatedWire
  readonly #process: SimulatedProcess | undefined
  #isHungUp = false
  #isEnded = false
  /** Wakes the writer of the other end, who waits for room. */
  #room: (() => void) | undefined

  constructor(wire: SimulatedWire, side: Side, process: SimulatedProcess | undefined) {
    super({ allowHalfOpen: true })
    this.side = side
    this.#wire = wire
    this.#process = process
    // Without a listener an error would be nobody's.
    this.on('error', () => {})
  }

  /** Whether the other end has closed its side, read or not. */
  get isHungUp(): boolean {
    return this.#isHungUp
  }

  get isOver(): boolean {
    return this.destroyed || this.#process?.isDead === true
  }

  get #peer(): WireEnd {
    return this.side === 'near' ? this.#wire.far : this.#wire.near
  }

  /** For a device's shell. */
  exit(): void {}

  override _read(): void {
    this.#room?.()
    this.#room = undefined
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const piece = Buffer.from(chunk)
    this.#step(() => {
      this.#wire.send(this.#peer.side, piece, (part, last) => {
        this.#peer.#arrive(part, last ? () => this.#step(done) : undefined)
      })
    })
  }

  override _final(done: () => void): void {
    const tell = (): void => this.#wire.carry(this.#peer.side, 0, () => this.#peer.ended())
    this.#step(() => this.#wire.tellClosed(tell))
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#room?.()
    this.#room = undefined
    const gone = (): void => this.#peer.peerIsGone('closed')
    const tell = (): void => this.#wire.carry(this.#peer.side, 0, gone)
    this.#step(() => this.#wire.tellClosed(tell))
    done(error)
  }

  peerIsGone(how: 'closed' | 'reset'): void {
    this.#step(() => {
      this.#isHungUp = true
      if (this.destroyed) return
      if (how === 'reset') this.destroy(new ResetError())
      // Who still writes learns that nobody reads it.
      else if (this.readableEnded || this.writableLength > 0) this.destroy()
      else {
        this.once('end', () => this.destroy())
        this.#end()
      }
    })
  }

  #arrive(piece: Buffer, taken: (() => void) | undefined): void {
    this.#step(() => {
      // After its end nothing comes any more.
      if (this.destroyed || this.#isEnded) return taken?.()
      const more = this.push(piece)
      if (!taken) return
      if (more) taken()
      else this.#room = taken
    })
  }

  /** The other end has closed its side, or a fault says so. */
  ended(): void {
    this.#step(() => {
      this.#isHungUp = true
      this.#end()
    })
  }

  #end(): void {
    if (this.destroyed || this.#isEnded) return
    this.#isEnded = true
    this.push(null)
  }

  #step(happen: () => void): void {
    if (this.#process) this.#process.step(happen)
    else happen()
  }
}

class ResetError extends Error {
  readonly code = 'ECONNRESET'
  constructor() {
    super('read ECONNRESET')
  }
}
