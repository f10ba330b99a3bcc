import path from 'node:path'
import { type StatusResult, VERSION } from '@nac-broker/protocol'
import type { BrokerContext } from '../broker-context.ts'
import type { DeviceLane } from '../device-lane.ts'
import type { Handler } from './handler.ts'

export const status: Handler<'status'> = async ({ broker }) => brokerStatus(broker)

/** Everything that can be said without asking a device. */
export function brokerStatus(broker: BrokerContext): StatusResult {
  const { settings, testbed, pool, cache, tally, clock } = broker
  const cached = cache.countByDevice((device) => pool.lanes.get(device)?.epoch ?? 0)
  return {
    version: VERSION,
    pid: process.pid,
    generation: settings.generation,
    restarts: settings.restarts,
    uptimeMs: clock.now() - broker.startedMs,
    socketPath: broker.socketPath,
    testbed: testbed ? path.resolve(testbed.path) : '',
    clients: broker.clients(),
    sessions: {
      open: pool.slots.held,
      max: settings.maxConnections,
      maxPerDevice: settings.maxSessionsPerDevice,
    },
    cache: { ...cache.size, maxBytes: cache.maxBytes },
    statistics: { ...tally.counts },
    devices: (testbed?.deviceNames ?? []).map((device) => ({
      device,
      cachedOutputs: cached.get(device)?.valid ?? 0,
      ...laneStatus(pool.lanes.get(device)),
    })),
  }
}

type LaneStatus = Omit<StatusResult['devices'][number], 'device' | 'cachedOutputs'>

/** A device that nobody has asked for yet has no lane. */
function laneStatus(lane: DeviceLane | undefined): LaneStatus {
  if (!lane) return { sessions: { open: 0, busy: 0, opening: 0 }, queued: 0 }
  const { open, busy, opening, queued, backoffMs, lastError } = lane.status()
  return {
    platform: lane.device.platform.os[0],
    sessions: { open, busy, opening },
    queued,
    ...(backoffMs !== undefined && { backoffMs }),
    ...(lastError && { lastError: { code: lastError.code, message: lastError.message } }),
  }
}
