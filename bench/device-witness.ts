import type { DeviceLogEntry } from '@nac-broker/devices'
import { mostSessionsOpen } from '../packages/chaos-tests/src/lab.fixture.ts'

/** How often a device was logged in to. */
export function loginsOf(device: string, log: readonly DeviceLogEntry[]): number {
  return log.filter((entry) => entry.event === 'login' && entry.device === device).length
}

/**
 * The most sessions that were open at once, over all devices.
 * @throws when that was not the limit: more break the promise, and fewer have not put it to the test.
 */
export function requireSessionLimit(limit: number, log: readonly DeviceLogEntry[]): number {
  const most = mostSessionsOpen(log)
  if (most === limit) return most
  throw new Error(`the limit was ${limit} sessions, and the devices have seen ${most} open at once`)
}

/**
 * How many logins were turned away for want of a line.
 * @throws when there was one
 */
export function requireNoRefusal(log: readonly DeviceLogEntry[]): number {
  const refused = log.filter(({ event }) => event === 'refused').length
  if (refused === 0) return refused
  throw new Error(`the devices have refused ${refused} logins for want of a line`)
}
