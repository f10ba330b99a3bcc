import { assertOneLine } from '@nac-broker/devices'
import type { Params, Result } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import type { Call } from './call.ts'
import type { DeviceLane } from './device-lane.ts'
import { Flight, type FlightWork } from './flight.ts'
import type { BrokerSettings } from './options.ts'
import type { OutputCache } from './output-cache.ts'
import type { Pool } from './pool.ts'

export interface SchedulerOptions {
  pool: Pool
  cache: OutputCache
  clock: Clock
  settings: BrokerSettings
}

/** Decides for each call whether the cache, an execution under way or a new one answers it. */
export class Scheduler {
  readonly #options: SchedulerOptions
  /** Executions of read-only commands that others may join, by device and command. */
  readonly #joinable = new Map<string, Flight<Buffer>>()
  commandHits = 0
  commandMisses = 0

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  async execute(call: Call, params: Params<'execute'>): Promise<Result<'execute'>> {
    const { device, command } = params
    const lane = this.#options.pool.lane(device)
    if (params.cache !== false) {
      // Only read-only commands are ever in it.
      const known = this.#options.cache.get(device, command, lane.epoch)
      if (known) {
        this.commandHits++
        return { output: known, cached: true }
      }
    }
    if (!lane.device.platform.isReadOnly(command)) {
      assertOneLine(command, lane.device)
      this.commandMisses++
      const replayable = params.idempotent ?? false
      const timeoutMs = this.#commandTimeoutMs
      const output = await this.#change(call, lane, replayable, (session) =>
        session.execute(command, { timeoutMs }),
      )
      return { output, cached: false }
    }
    if (params.cache !== false) {
      const flight = this.#joinable.get(`${device}\n${command}`)
      if (flight?.joinable) {
        this.commandHits++
        return { output: await flight.join(call), cached: false }
      }
    }
    assertOneLine(command, lane.device)
    this.commandMisses++
    return { output: await this.#read(call, lane, command), cached: false }
  }

  async configure(
    call: Call,
    { device, lines }: Params<'configure'>,
  ): Promise<Result<'configure'>> {
    const lane = this.#options.pool.lane(device)
    for (const line of lines) assertOneLine(line, lane.device)
    const timeoutMs = this.#commandTimeoutMs
    const output = await this.#change(call, lane, false, (session) =>
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

  #read(call: Call, lane: DeviceLane, command: string): Promise<Buffer> {
    const { cache } = this.#options
    const device = lane.device.name
    const key = `${device}\n${command}`
    const flight = this.#flight(call, lane, {
      replayable: true,
      run: async (session) => {
        const { epoch } = lane
        const output = await session.execute(command, { timeoutMs: this.#commandTimeoutMs })
        // What was read while something changed may be half of each: it answers, but is not kept.
        if (lane.epoch === epoch) cache.set(device, command, epoch, output)
        return output
      },
      onLanded: () => {
        if (this.#joinable.get(key) === flight) this.#joinable.delete(key)
      },
    })
    this.#joinable.set(key, flight)
    return launch(flight, lane, call)
  }

  /** Anything not read-only ends the device's epoch when it is sent, and again when it is done. */
  #change(
    call: Call,
    lane: DeviceLane,
    replayable: boolean,
    run: FlightWork<Buffer>['run'],
  ): Promise<Buffer> {
    const flight = this.#flight(call, lane, {
      replayable,
      run: async (session) => {
        lane.endEpoch()
        try {
          return await run(session)
        } finally {
          lane.endEpoch()
        }
      },
    })
    return launch(flight, lane, call)
  }

  #flight<Value>(call: Call, lane: DeviceLane, work: FlightWork<Value>): Flight<Value> {
    const { clock, settings } = this.#options
    const { drainTimeoutMs } = settings
    return new Flight({ lane, clock, client: call.client, drainTimeoutMs, ...work })
  }
}

/** Joins before submitting: a lane that backs off fails its jobs at once. */
function launch<Value>(flight: Flight<Value>, lane: DeviceLane, call: Call): Promise<Value> {
  const result = flight.join(call)
  lane.submit(flight)
  return result
}
