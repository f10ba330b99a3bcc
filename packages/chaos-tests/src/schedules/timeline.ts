import type { Evidence } from './evidence.ts'
import type { PlannedFault, Schedule } from './schedule.ts'

/** What happened, a line each, in the order in which it did. */
export function timelineOf({ deviceLog, calls, turns, schedule }: Evidence): string[] {
  const startMs = Date.parse(deviceLog[0]?.at ?? '')
  const devices = deviceLog.map((entry) => {
    const { at, device, session, event } = entry
    const line = 'line' in entry ? ` "${entry.line.slice(0, 60)}"` : ''
    const reason = 'reason' in entry ? ` (${entry.reason})` : ''
    return `+${Date.parse(at) - startMs} ms ${device} session ${session}: ${event}${line}${reason}`
  })
  const asked = calls.map(({ device, line, timeoutMs, tookMs, askedAt, settledAt, outcome }) => {
    const how = outcome.kind === 'failed' ? `${outcome.code}: ${outcome.message}` : outcome.kind
    const between = `between entries ${askedAt} and ${settledAt} of the log`
    return `"${line.slice(0, 60)}" on ${device}, ${timeoutMs} ms: ${how}, after ${Math.round(tookMs)} ms, ${between}`
  })
  const firstMs = turns[0]?.atMs ?? 0
  const brokers = turns
    .filter(({ event }) =>
      /^(listening|broker-lost|restarting|fallback|aborted)$/.test(event.event),
    )
    .map(({ atMs, event }) => `+${Math.round(atMs - firstMs)} ms ${JSON.stringify(event)}`)
  return [
    settingOf(schedule),
    ...schedule.faults.map(faultLine),
    'the broker, from its first event:',
    ...brokers,
    'the devices, by their own log:',
    ...devices.map((line, at) => `${at + 1}. ${line}`),
    'the calls:',
    ...asked,
  ]
}

/** What is drawn beside calls and faults. */
export function settingOf(schedule: Schedule): string {
  const { host, policy, devices, maxSessionsPerDevice, maxConnections, latencyMs } = schedule
  return `${host}, ${policy}, ${devices} devices of ${maxSessionsPerDevice} sessions, ${maxConnections} together, ${latencyMs} ms`
}

export function faultLine({ name, after, args }: PlannedFault, at: number): string {
  return `fault ${at + 1}, ${after} later: ${name} ${JSON.stringify(args)}`
}
