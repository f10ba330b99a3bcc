import type { DeviceLogEntry } from '@nac-broker/devices'
import type { Answered } from './workload.ts'

/** Something that the broker promises, and what was found. */
export interface Promised {
  promise: string
  found: string
  kept: boolean
}

export interface Limits {
  commands: number
  maxConnections: number
  maxSessionsPerDevice: number
}

/** What the devices themselves say of a run; neither broker nor client has a hand in it. */
export interface Witnessed {
  /** Sessions that were opened. */
  logins: number
  /** Show commands that were executed. */
  executed: number
  /** Show commands that a device executed although it had done so before. */
  repeated: number
  /** The most sessions that were open at the same time. */
  mostSessions: number
  mostSessionsOfADevice: number
}

export function witnessed(log: readonly DeviceLogEntry[]): Witnessed {
  const open = new Map<string, number>()
  const seen = new Set<string>()
  const result = { logins: 0, executed: 0, repeated: 0, mostSessions: 0, mostSessionsOfADevice: 0 }
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
    } else if (entry.event === 'command' && entry.line.startsWith('show ')) {
      const key = `${entry.device} ${entry.line}`
      result.executed++
      if (seen.has(key)) result.repeated++
      seen.add(key)
    }
  }
  return result
}

export function verdict(
  answered: readonly Answered[],
  seen: Witnessed,
  { commands, maxConnections, maxSessionsPerDevice }: Limits,
): Promised[] {
  const right = answered.filter((one) => 'answer' in one && one.answer === 'right').length
  return [
    {
      promise: 'every command has its own answer',
      found: `${right} of ${commands}`,
      kept: right === commands,
    },
    {
      promise: 'no read-only command executed twice on a device',
      found: `${seen.repeated} executed again`,
      kept: seen.repeated === 0,
    },
    {
      promise: `at most ${maxSessionsPerDevice} session on a device`,
      found: `at most ${seen.mostSessionsOfADevice}`,
      kept: seen.mostSessionsOfADevice <= maxSessionsPerDevice,
    },
    {
      promise: `at most ${maxConnections} sessions in all`,
      found: `at most ${seen.mostSessions}`,
      kept: seen.mostSessions <= maxConnections,
    },
  ]
}
