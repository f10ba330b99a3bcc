import type { DeviceLogEntry } from '@nac-broker/devices'
import { isChange } from './workload.ts'

/** What the devices themselves say of a run; neither broker nor client has a hand in it. */
export interface Witnessed {
  /** Sessions that were opened. */
  logins: number
  /** Commands that were executed. */
  executed: number
  /** Changes that were executed, and how many of them more than once. */
  changes: number
  changedTwice: number
  /** The most sessions that were open at the same time. */
  mostSessions: number
  mostSessionsOfADevice: number
}

export function witnessed(log: readonly DeviceLogEntry[]): Witnessed {
  const open = new Map<string, number>()
  const changed = new Map<string, number>()
  const result = { logins: 0, executed: 0, mostSessions: 0, mostSessionsOfADevice: 0 }
  let total = 0
  const change = (device: string, by: 1 | -1): void => {
    const ofDevice = (open.get(device) ?? 0) + by
    open.set(device, ofDevice)
    total += by
    result.mostSessions = Math.max(result.mostSessions, total)
    result.mostSessionsOfADevice = Math.max(result.mostSessionsOfADevice, ofDevice)
  }
  for (const entry of log) {
    if (entry.event === 'login') {
      result.logins++
      change(entry.device, 1)
    } else if (entry.event === 'logout') {
      change(entry.device, -1)
    } else if (entry.event === 'command' && /^(?:show|write) /.test(entry.line)) {
      result.executed++
      if (isChange(entry.line)) changed.set(entry.line, (changed.get(entry.line) ?? 0) + 1)
    }
  }
  const times = [...changed.values()]
  return { ...result, changes: times.length, changedTwice: times.filter((n) => n > 1).length }
}
