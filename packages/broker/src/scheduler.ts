import { assertOneLine } from '@nac-broker/devices'
import { BrokerError, type Params, type Result } from '@nac-broker/protocol'
import { type Clock, failpoint } from '@nac-broker/supervisor'
import type { Tally } from './broker-statistics.ts'
import type { Call } from './call.ts'
import type { DeviceLane } from './device-lane.ts'
import { Flight, type FlightWork } from './flight.ts'
import type { BrokerSettings } from './options.ts'
import type { ChangeRequest, Changes } from './changes.ts'
import type { KeptOutputs } from './kept-outputs.ts'
import type { OutputCache } from './output-cache.ts'
import type { Pool } from './pool.ts'

export interface SchedulerOptions {
  pool: Pool
  cache: OutputCache
  kept: KeptOutputs
  /** Absent where there is no store: then a change is carried out at most once per request. */
  changes: Changes | undefined
  tally: Tally
  clock: Clock
  settings: BrokerSettings
}

/** Decides for each call whether the cache, an execution under way or a new one answers it. */
export class Scheduler {
  readonly #options: SchedulerOptions
  /** Executions of read-only commands that others may join, by device and command. */
  readonly #joinable = new Map<string, Flight<Buffer>>()
  /** Changes under way, by key: a client that has lost its connection asks for them again. */
  readonly #changing = new Map<string, { change: string; flight: Flight<Buffer> }>()

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  async execute(call: Call, params: Params<'execute'>): Promise<Result<'execute'>> {
    const { device, command, cache = true } = params
    const lane = this.#options.pool.lane(device)
    if (cache) {
      // Only read-only commands are ever in it.
      const known = this.#cached(call, lane, command)
      if (known) return { output: known, cached: true }
    }
    assertOneLine(command, lane.device)
    if (lane.device.platform.isReadOnly(command)) return this.#read(call, lane, command, cache)
    const request = { device, operation: 'execute', lines: [command] } as const
    const timeoutMs = this.#commandTimeoutMs
    const output = await this.#change(call, lane, { ...request, ...params }, (session) =>
      session.execute(command, { timeoutMs }),
    )
    return { output, cached: false }
  }

  async configure(
    call: Call,
    { device, lines, key }: Params<'configure'>,
  ): Promise<Result<'configure'>> {
    const lane = this.#options.pool.lane(device)
    for (const line of lines) assertOneLine(line, lane.device)
    const request = { device, operation: 'configure', lines, key } as const
    const timeoutMs = this.#commandTimeoutMs
    const output = await this.#change(call, lane, request, (session) =>
      session.configure(lines, { timeoutMs }),
    )
    return { output }
  }

  /** Returns when the device has a session; opens one where it has none. */
  async connect(call: Call, device: string): Promise<void> {
    const lane = this.#options.pool.lane(device)
    await launch(this.#flight(call, lane, { replayable: true, run: async () => {} }), lane, call)
  }

  disconnect(device: string): void {
    this.#options.pool.lane(device).disconnect()
  }

  get #commandTimeoutMs(): number {
    return this.#options.settings.commandTimeoutMs
  }

  #cached(call: Call, lane: DeviceLane, command: string): Buffer | undefined {
    const { cache, kept, pool } = this.#options
    kept.catchUp(pool.lanes)
    const known = cache.get(lane.device.name, command, lane.epoch)
    if (known) {
      this.#options.tally.add('commandHits')
      call.from = 'cache'
    }
    return known
  }

  async #read(
    call: Call,
    lane: DeviceLane,
    command: string,
    cache: boolean,
  ): Promise<Result<'execute'>> {
    if (cache) {
      const joined = this.#join(call, lane, command)
      if (joined) return { output: await joined, cached: false }
      const stored = this.#options.kept.get(lane.device.name, command)
      if (stored) return this.#readAfter(stored, call, lane, command)
    }
    return { output: await this.#executeRead(call, lane, command), cached: false }
  }

  /** Asks the device unless an earlier broker of this run has, or somebody began while we looked. */
  async #readAfter(
    stored: Promise<Buffer | undefined>,
    call: Call,
    lane: DeviceLane,
    command: string,
  ): Promise<Result<'execute'>> {
    const { epoch } = lane
    const output = await stored
    if (output && lane.epoch === epoch) {
      failpoint('broker.output.restored')
      this.#options.cache.set(lane.device.name, command, epoch, output)
      this.#options.tally.add('commandHits')
      call.from = 'cache'
      return { output, cached: true }
    }
    const joined = this.#join(call, lane, command)
    if (joined) return { output: await joined, cached: false }
    const known = this.#cached(call, lane, command)
    if (known) return { output: known, cached: true }
    return { output: await this.#executeRead(call, lane, command), cached: false }
  }

  #join(call: Call, lane: DeviceLane, command: string): Promise<Buffer> | undefined {
    const flight = this.#joinable.get(`${lane.device.name}\n${command}`)
    if (!flight?.joinable) return undefined
    failpoint('broker.flight.joined')
    this.#options.tally.add('commandHits')
    call.from = 'shared'
    return flight.join(call)
  }

  #executeRead(call: Call, lane: DeviceLane, command: string): Promise<Buffer> {
    const { cache, kept } = this.#options
    const device = lane.device.name
    const key = `${device}\n${command}`
    const flight = this.#flight(call, lane, {
      replayable: true,
      run: async (session) => {
        const asked = kept.epoch(device)
        const storedEpoch = asked && (await asked)
        const { epoch } = lane
        this.#options.tally.add('commandMisses')
        failpoint('broker.read.to-be-sent')
        const output = await session.execute(command, { timeoutMs: this.#commandTimeoutMs })
        failpoint('broker.read.answered')
        // What was read while something changed may be half of each: it answers, but is not kept.
        if (lane.epoch !== epoch) return output
        cache.set(device, command, epoch, output)
        kept.put(session, command, storedEpoch, output)
        return output
      },
      onLanded: () => {
        if (this.#joinable.get(key) === flight) this.#joinable.delete(key)
      },
    })
    this.#joinable.set(key, flight)
    return launch(flight, lane, call)
  }

  /** With a key, at most once over every broker of the run; without one, at most once per request. */
  async #change(
    call: Call,
    lane: DeviceLane,
    { key, idempotent = false, ...request }: ChangeCall,
    run: FlightWork<Buffer>['run'],
  ): Promise<Buffer> {
    const { changes } = this.#options
    if (changes && key !== undefined) {
      const keyed = { key, ...request }
      const underWay = this.#changing.get(key)
      const known = await changes.recorded(keyed, underWay !== undefined)
      const changing = this.#changing.get(key)
      // What is not sent yet is not recorded: that it is the same change is seen here alone.
      if (changing && changing.change !== identityOf(request))
        throw keyReused(lane.device.name, key)
      const flight = changing?.flight
      if (known || flight) this.#options.tally.add('commandHits')
      failpoint('broker.change.asked')
      if (known) {
        call.from = 'record'
        return known
      }
      if (flight) {
        call.from = 'shared'
        return flight.join(call)
      }
      const change = identityOf(request)
      return this.#fly(call, lane, false, { key, change }, (session) =>
        changes.carryOut(keyed, session, () => run(session)),
      )
    }
    return this.#fly(call, lane, idempotent, undefined, (session) =>
      changes ? changes.carryOutKeyless(lane.device.name, () => run(session)) : run(session),
    )
  }

  /** Anything not read-only ends the device's epoch when it is sent, and again when it is done. */
  #fly(
    call: Call,
    lane: DeviceLane,
    replayable: boolean,
    keyed: { key: string; change: string } | undefined,
    run: FlightWork<Buffer>['run'],
  ): Promise<Buffer> {
    const flight = this.#flight(call, lane, {
      replayable,
      run: async (session) => {
        this.#options.tally.add('commandMisses')
        lane.endEpoch()
        try {
          return await run(session)
        } finally {
          lane.endEpoch()
        }
      },
      onLanded: () => {
        if (keyed) this.#changing.delete(keyed.key)
      },
    })
    if (keyed) this.#changing.set(keyed.key, { change: keyed.change, flight })
    return launch(flight, lane, call)
  }

  #flight<Value>(call: Call, lane: DeviceLane, work: FlightWork<Value>): Flight<Value> {
    const { clock, settings } = this.#options
    const { drainTimeoutMs } = settings
    return new Flight({ lane, clock, client: call.caller.client, drainTimeoutMs, ...work })
  }
}

interface ChangeCall extends Omit<ChangeRequest, 'key'> {
  key?: string | undefined
  idempotent?: boolean | undefined
}

/** What makes two changes the same change, whatever their keys are. */
function identityOf({ device, operation, lines }: Omit<ChangeRequest, 'key'>): string {
  return JSON.stringify([device, operation, lines])
}

function keyReused(device: string, key: string): BrokerError {
  const why = `${device}: the key "${key}" belongs to another change, which is under way; use a key of its own for each change`
  return new BrokerError('INVALID_REQUEST', why, { device })
}

/** Joins before submitting: a lane that backs off fails its jobs at once. */
function launch<Value>(flight: Flight<Value>, lane: DeviceLane, call: Call): Promise<Value> {
  const result = flight.join(call)
  lane.submit(flight)
  return result
}
