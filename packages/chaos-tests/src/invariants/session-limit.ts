import type { Invariant } from './invariant.ts'

export const sessionLimit: Invariant = {
  name: 'session-limit',
  promise:
    'no device ever has more sessions than it may, nor all of them together, in fallback too',
  *violations({ deviceLog, schedule }) {
    const { maxSessionsPerDevice: most, maxConnections, faults } = schedule
    // On a bad wire a device learns late, or never, that somebody has hung up.
    if (faults.some(({ name }) => name.startsWith('device-wire'))) return
    const open = new Map<string, number>()
    let all = 0
    for (const { device, session, event } of deviceLog) {
      const change = event === 'login' ? 1 : event === 'logout' ? -1 : 0
      const now = (open.get(device) ?? 0) + change
      open.set(device, now)
      all += change
      if (change === 1 && now > most)
        yield `${device} had ${now} sessions (its ${session}.), not ${most}`
      if (change === 1 && all > maxConnections)
        yield `all devices together had ${all} sessions, not ${maxConnections}`
    }
  },
}
