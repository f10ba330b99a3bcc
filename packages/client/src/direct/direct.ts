import { assertOneLine, type Device, type Session, type Testbed } from '@nac-broker/devices'
import { BrokerError, type Params } from '@nac-broker/protocol'
import { type Change, fingerprintOf } from '@nac-broker/run-store'
import type { Call } from '../call.ts'
import type { Answer, DirectCommands, ExecuteAnswer } from '../device-commands.ts'
import { DirectChanges } from './changes.ts'
import type { Turn, Work } from './job.ts'
import { DirectLane, type LaneOptions } from './lane.ts'

export interface DirectOptions extends LaneOptions {
  testbed: Testbed
  /** Why there is no store, where there is none. */
  withoutStore: string
  /** Of the last broker; 0 where there never was one. */
  generation: number
}

/** Something that may alter the device. */
interface Alteration {
  operation: 'execute' | 'configure'
  device: Device
  lines: readonly string[]
  key: string | undefined
  send: Send
}

type Send = (session: Session, options: Turn['options']) => Promise<Buffer>

/** Devices on sessions of this process's own, within the limits and records of the run's store. */
export class Direct implements DirectCommands {
  readonly #options: DirectOptions
  readonly #changes: DirectChanges | undefined
  readonly #lanes = new Map<string, DirectLane>()
  #closed: BrokerError | undefined

  constructor(options: DirectOptions) {
    this.#options = options
    this.#changes = options.store && new DirectChanges(options.store)
  }

  async execute(call: Call, request: Params<'execute'>): Promise<ExecuteAnswer> {
    const { command, idempotent, cache = true, key } = request
    const device = this.#options.testbed.device(request.device)
    assertOneLine(command, device)
    const send: Send = (session, options) => session.execute(command, options)
    if (!device.platform.isReadOnly(command)) {
      const alteration = { operation: 'execute', device, lines: [command], key, send } as const
      const output = await this.#alter(call, alteration, idempotent === true)
      return { ...this.#answer(output), cached: false }
    }
    const known = cache ? await this.#cached(call, device, command) : undefined
    if (known) return { ...this.#answer(known), cached: true }
    const work: Work<Uint8Array> = (session, turn) => sendOn(session, { call, turn, send })
    return { ...this.#answer(await this.#run(call, device, work, () => true)), cached: false }
  }

  async configure(call: Call, request: Params<'configure'>): Promise<Answer> {
    const { lines, key } = request
    const device = this.#options.testbed.device(request.device)
    for (const line of lines) assertOneLine(line, device)
    const send: Send = (session, options) => session.configure(lines, options)
    const alteration = { operation: 'configure', device, lines, key, send } as const
    return this.#answer(await this.#alter(call, alteration, false))
  }

  async connect(call: Call, request: Params<'connect'>): Promise<void> {
    const device = this.#options.testbed.device(request.device)
    await this.#run(
      call,
      device,
      async () => {},
      () => true,
    )
  }

  async disconnect(_call: Call, { device }: Params<'disconnect'>): Promise<void> {
    await this.#lanes.get(device)?.disconnect()
  }

  async close(): Promise<void> {
    const error = new BrokerError('CANCELLED', 'the client was closed')
    this.#closed ??= error
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close(error)))
  }

  async #alter(call: Call, alteration: Alteration, idempotent: boolean): Promise<Uint8Array> {
    const { key, device } = alteration
    if (key === undefined && idempotent) return this.#repeatable(call, alteration)
    if (!this.#changes || key === undefined) {
      const why = this.#options.withoutStore
      const what = 'nobody can tell whether a broker sends this change, so it is refused'
      const message = `${device.name}: ${what} (${why}); if doing it twice does no harm, say idempotent`
      throw new BrokerError('STORE_UNAVAILABLE', message, { device: device.name })
    }
    return this.#once(call, this.#changes, { ...alteration, key })
  }

  /** At most once, over this process, every broker of the run and every other direct client. */
  async #once(
    call: Call,
    changes: DirectChanges,
    { operation, device, lines, key, send }: Alteration & { key: string },
  ): Promise<Uint8Array> {
    const fingerprint = fingerprintOf(operation, lines)
    const change: Change = { key, device: device.name, fingerprint }
    const known = await call.wait(changes.recorded(change), { waitingFor: 'the run store' })
    if (known) return known
    const work: Work<Uint8Array> = async (session, turn) => {
      // Each time: what was claimed and not sent is free again.
      const done = await changes.claim(change)
      if (done) return done
      return changes.carryOut(change, session, () => sendOn(session, { call, turn, send }))
    }
    return this.#run(call, device, work, ({ sent }) => sent === 'no')
  }

  #repeatable(call: Call, { device, send }: Alteration): Promise<Uint8Array> {
    const changes = this.#changes
    const work: Work<Uint8Array> = (session, turn) => {
      const sending = (): Promise<Uint8Array> => sendOn(session, { call, turn, send })
      return changes ? changes.repeatable(device.name, sending) : sending()
    }
    return this.#run(call, device, work, () => true)
  }

  /** Once more when the session was lost, if `again` says so: it may have ended just when we used it. */
  async #run<Value>(
    call: Call,
    device: Device,
    work: Work<Value>,
    again: (error: BrokerError) => boolean,
  ): Promise<Value> {
    const lane = this.#lane(device)
    try {
      return await lane.run(call, work)
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code !== 'SESSION_LOST') throw error
      if (!again(error)) throw error
      call.unanswered(error)
      return lane.run(call, work)
    }
  }

  /** What a broker of this run has read and nobody has changed since; a failing store has nothing. */
  async #cached(call: Call, device: Device, command: string): Promise<Uint8Array | undefined> {
    const { store } = this.#options
    if (!store) return undefined
    const known = store.outputs.get(device.name, command).catch(() => undefined)
    return call.wait(known, { waitingFor: 'the run store' })
  }

  #lane(device: Device): DirectLane {
    if (this.#closed) throw this.#closed
    const existing = this.#lanes.get(device.name)
    if (existing) return existing
    const lane = new DirectLane(device, this.#options)
    this.#lanes.set(device.name, lane)
    return lane
  }

  #answer(output: Uint8Array): Answer {
    return { output, via: 'direct', generation: this.#options.generation }
  }
}

/** Sends it now, unless nobody waits for it any more. */
function sendOn(
  session: Session,
  { call, turn, send }: { call: Call; turn: Turn; send: Send },
): Promise<Buffer> {
  if (!turn.isWanted()) throw new BrokerError('CANCELLED', 'nobody waits for it any more')
  if (session.isOpen) call.attempts++
  return send(session, turn.options)
}
