import type { Testbed } from '@nac-broker/devices'
import { BrokerError, type BrokerEvent } from '@nac-broker/protocol'
import type { Clock, FailureDetector } from '@nac-broker/supervisor'
import type { Wanted } from '@nac-broker/run-store'
import type { Tally } from './broker-statistics.ts'
import { DeviceLane, type LaneContext } from './device-lane.ts'
import type { OpenPooledSession } from './leased-session.ts'
import type { BrokerSettings } from './options.ts'
import { SessionSlots } from './session-slots.ts'

export interface PoolOptions {
  testbed: Testbed | undefined
  settings: BrokerSettings
  tally: Tally
  onDeviceClosed: (device: string) => void
  openSession: OpenPooledSession
  units: FailureDetector
  clock: Clock
  emit: (event: BrokerEvent) => void
}

/** Every device's lane, and the limit that they share. */
export class Pool {
  readonly slots: SessionSlots
  readonly #testbed: Testbed | undefined
  readonly #lanes = new Map<string, DeviceLane>()
  readonly #laneContext: LaneContext
  readonly #logins = new AbortController()
  #closing = 0

  constructor(options: PoolOptions) {
    const { testbed, settings, tally, openSession, onDeviceClosed, units, clock, emit } = options
    this.#testbed = testbed
    this.slots = new SessionSlots(settings.maxConnections, () => {
      if (this.#laneContext.slotWanted()) this.#evictLeastRecentlyUsed()
    })
    this.#laneContext = {
      tally,
      clock,
      slots: this.slots,
      maxSessions: settings.maxSessionsPerDevice,
      openSession: (device, onStep) => openSession(device, { signal: this.#logins.signal, onStep }),
      onDeviceClosed,
      units,
      slotWanted: () => this.slots.waiting > this.#closing,
      closing: (change) => {
        this.#closing += change
      },
      emit,
    }
  }

  /** Lanes of the devices that were asked for so far. */
  get lanes(): ReadonlyMap<string, DeviceLane> {
    return this.#lanes
  }

  /** @throws {BrokerError} `UNKNOWN_DEVICE`, `TESTBED_INVALID` */
  lane(name: string): DeviceLane {
    const existing = this.#lanes.get(name)
    if (existing) return existing
    if (!this.#testbed) {
      throw new BrokerError('UNKNOWN_DEVICE', `no testbed is loaded, so there is no "${name}"`, {
        device: name,
      })
    }
    const lane = new DeviceLane(this.#testbed.device(name), this.#laneContext)
    this.#lanes.set(name, lane)
    return lane
  }

  /** Gives sessions up that others than this broker wait for. */
  giveWay({ devices, any }: Wanted): void {
    for (const device of devices) this.#lanes.get(device)?.giveWay()
    if (any) this.#evictLeastRecentlyUsed()
  }

  /** Refuses new work and closes idle sessions; busy ones close when their command is done. */
  shutDown(): void {
    for (const lane of this.#lanes.values()) lane.shutDown()
  }

  /** Gives logins up and ends every session at once. */
  destroy(): void {
    this.#logins.abort(new BrokerError('SHUTTING_DOWN', 'the broker is shutting down'))
    for (const lane of this.#lanes.values()) lane.destroy()
  }

  #evictLeastRecentlyUsed(): void {
    let longest: { lane: DeviceLane; sinceMs: number } | undefined
    for (const lane of this.#lanes.values()) {
      const sinceMs = lane.idleSinceMs()
      if (sinceMs === undefined) continue
      if (longest === undefined || sinceMs < longest.sinceMs) longest = { lane, sinceMs }
    }
    longest?.lane.evictIdle()
  }
}
