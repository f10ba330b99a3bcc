import { z } from 'zod'

export const statusParams = z.object({})

const count = z.number().int().nonnegative()

const deviceStatus = z.object({
  device: z.string(),
  /** Absent until somebody has asked for the device. */
  platform: z.string().optional(),
  sessions: z.object({ open: count, busy: count, opening: count }),
  /** Commands that wait for a session. */
  queued: count,
  cachedOutputs: count,
  /** Milliseconds until logging in is tried again; absent while the device is not backing off. */
  backoffMs: z.number().nonnegative().optional(),
  lastError: z.object({ code: z.string(), message: z.string() }).optional(),
})

const brokerStatistics = z.object({
  /** Executions and connects that found a session open. */
  connectionHits: count,
  /** Sessions opened. */
  connectionMisses: count,
  /** Commands and configurations answered from the cache, another caller's execution, or the record. */
  commandHits: count,
  /** Commands and configurations sent to a device, a repeat after a lost session included. */
  commandMisses: count,
})

export const statusResult = z.object({
  version: z.string(),
  pid: count,
  generation: count,
  /** How often it was started again since the run began, or was last resumed. */
  restarts: count,
  uptimeMs: z.number().nonnegative(),
  socketPath: z.string(),
  testbed: z.string(),
  clients: count,
  sessions: z.object({ open: count, max: count, maxPerDevice: count }),
  cache: z.object({ entries: count, bytes: count, maxBytes: count }),
  statistics: brokerStatistics,
  devices: z.array(deviceStatus),
})

export type BrokerStatistics = z.infer<typeof brokerStatistics>
export type DeviceStatus = z.infer<typeof deviceStatus>
export type StatusResult = z.infer<typeof statusResult>
