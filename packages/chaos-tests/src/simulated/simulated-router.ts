import type { DeviceLogEntry, Quirk, Transport, TransportReceiver } from '@nac-broker/devices'
import { BrokerError } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import { Lines } from '../../../devices/src/simulator/lines.ts'
import type { WireFault } from '../proxy/fault-proxy.ts'
import type { FaultyDevice, WireFaults } from '../real/world.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import { SimulatedWire, type WireEnd, type WireSetup } from './simulated-wire.ts'

export interface RouterSetup {
  readonly name: string
  readonly index: number
  readonly maxSessions: number
  readonly latencyMs: number
  readonly clock: Clock
  readonly wires: WireSetup
  readonly log: (entry: DeviceLogEntry) => void
}

/** SSH goes to and fro several times: by then the device knows who has hung up before. */
const LOGIN_MS = 3
/** As a device waits for a client that is gone without a word. */
const CLOSE_MS = 2_000

/** A device of a simulation: the lines of a simulated one, behind a login of which only the time is real. */
export class SimulatedRouter implements FaultyDevice, WireFaults {
  latencyMs: number
  loginLatencyMs = 0
  quirk: Quirk | undefined
  readonly #setup: RouterSetup
  readonly #lines: Lines
  readonly #wires = new Set<SimulatedWire>()
  /** Those that somebody has logged in on. */
  readonly #admitted = new Set<SimulatedWire>()
  #state: 'up' | 'down' = 'up'
  #keys = 0
  #fault: WireFault | undefined

  constructor(setup: RouterSetup) {
    this.#setup = setup
    this.latencyMs = setup.latencyMs
    const { name, index, maxSessions, clock } = setup
    this.#lines = new Lines({
      name,
      index,
      maxSessions,
      clock,
      enablePassword: undefined,
      log: { write: setup.log, close() {} },
      latencyMs: () => this.latencyMs * 2 * setup.wires.random.random(),
      quirk: () => small(this.quirk),
    })
  }

  /** Connections that are not closed at both their ends. */
  get open(): number {
    return [...this.#wires].filter((wire) => !wire.isOver).length
  }

  /** Sessions that whoever has logged in has not given up. */
  get held(): number {
    return [...this.#admitted].filter(({ near }) => !near.isOver).length
  }

  /** A shell for somebody who knows the password. @throws {BrokerError} as SSH does */
  logIn(from: SimulatedProcess): { transport: Promise<Transport>; giveUp: () => void } {
    const { name } = this.#setup
    const wire = new SimulatedWire({ ...this.#setup.wires, enciphered: true }, from, undefined)
    this.#wires.add(wire)
    wire.suffer(this.#fault)
    const { near, far } = wire
    const verdict = Promise.withResolvers<void>()
    const refuse = (error: BrokerError): void => {
      verdict.reject(error)
      far.destroy()
    }
    const admit = (): void => {
      if (far.destroyed || far.isHungUp) return void far.destroy()
      const left = new AbortController()
      far.once('end', () => left.abort())
      far.once('close', () => left.abort())
      left.signal.addEventListener('abort', () => far.end(), { once: true })
      if (this.#lines.isFull) refuse(linesFull(name))
      else {
        this.#admitted.add(wire)
        wire.carry('near', 0, () => from.step(() => verdict.resolve()))
      }
      this.#lines.logIn({ channel: far, left: left.signal })
    }
    wire.carry('far', 0, () => {
      if (this.#state === 'down') return refuse(unreachable(name, 'connection refused'))
      if (this.#keys > 0) return refuse(otherKey(name))
      this.#setup.clock.startTimer(LOGIN_MS + this.loginLatencyMs, admit)
    })
    near.once('close', () => verdict.reject(unreachable(name, 'the connection was closed')))
    const transport = verdict.promise.then(() => new WireTransport(near, name, from))
    return { transport, giveUp: () => void near.destroy() }
  }

  tooSlow(loginTimeoutMs: number): BrokerError {
    return unreachable(this.#setup.name, `there was no login within ${loginTimeoutMs} ms`)
  }

  outOfDescriptors(): BrokerError {
    return unreachable(this.#setup.name, 'connect EMFILE')
  }

  async start(): Promise<void> {
    this.#state = 'up'
  }

  async stop(): Promise<void> {
    this.#state = 'down'
    this.#lines.endAll('stopped')
    this.#cut()
  }

  dropSessions(): number {
    const dropped = this.#lines.endAll('dropped')
    this.#cut()
    return dropped
  }

  changeHostKey(): void {
    this.#keys++
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

  #cut(): void {
    for (const { far } of this.#wires) far.destroy()
  }
}

/** What is megabytes elsewhere is kilobytes here. */
function small(quirk: Quirk | undefined): Quirk | undefined {
  return quirk && 'bytes' in quirk ? { ...quirk, bytes: quirk.bytes / 1_000 } : quirk
}

function unreachable(device: string, why: string): BrokerError {
  return new BrokerError('DEVICE_UNREACHABLE', `${device}: ${why}`, { device })
}

function otherKey(device: string): BrokerError {
  return new BrokerError('HOST_KEY_CHANGED', `${device}: another host key`, { device })
}

function linesFull(device: string): BrokerError {
  return new BrokerError('SESSION_LIMIT', `${device}: all its lines are taken`, { device })
}

class WireTransport implements Transport {
  readonly #end: WireEnd
  readonly #device: string
  readonly #clock: Clock
  readonly #gone: Promise<void>
  #state: 'open' | 'closing' = 'open'

  constructor(end: WireEnd, device: string, clock: Clock) {
    this.#end = end
    this.#device = device
    this.#clock = clock
    this.#gone = end.closed
      ? Promise.resolve()
      : new Promise((resolve) => void end.once('close', () => resolve()))
    end.once('end', () => end.end())
  }

  start(receiver: TransportReceiver): void {
    this.#end.on('data', (bytes: Buffer) => receiver.onData(bytes))
    void this.#gone.then(() => receiver.onClose(this.#state === 'open' ? this.#lost() : undefined))
  }

  write(text: string): void {
    if (this.#end.writable) this.#end.write(text)
  }

  async close(): Promise<void> {
    this.#state = 'closing'
    this.#end.resume()
    this.#end.end()
    const patience = this.#clock.startTimer(CLOSE_MS, () => this.#end.destroy())
    await this.#gone
    patience.cancel()
  }

  destroy(): void {
    this.#state = 'closing'
    this.#end.destroy()
  }

  #lost(): BrokerError {
    const message = `${this.#device}: the connection was closed`
    return new BrokerError('SESSION_LOST', message, { device: this.#device })
  }
}
