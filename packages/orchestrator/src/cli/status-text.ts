import type { DeviceStatus, StatusResult } from '@nac-broker/protocol'
import { duration } from './duration.ts'
import { count } from './run-text.ts'
import { plainTable } from './table.ts'

/** What the broker knows, for people. */
export function statusText(broker: StatusResult): string {
  const { sessions, statistics: counts } = broker
  const facts = [
    ['broker', `${broker.version}, pid ${broker.pid}, generation ${broker.generation}`],
    ['restarts', broker.restarts],
    ['up', duration(broker.uptimeMs)],
    ['socket', broker.socketPath],
    ['testbed', broker.testbed],
    ['clients', broker.clients],
    ['sessions', `${sessions.open} of ${sessions.max}, ${sessions.maxPerDevice} per device`],
    ['cache', cacheFact(broker)],
    ['logins', `${counts.connectionMisses} opened, ${counts.connectionHits} spared`],
    ['commands', `${counts.commandMisses} executed, ${counts.commandHits} spared`],
  ]
  const head = ['device', 'platform', 'open', 'busy', 'opening', 'queued', 'cached', '']
  return `${plainTable(facts)}\n\n${plainTable([head, ...broker.devices.map(deviceRow)])}`
}

/** The same of the broker itself in three lines, where room is dear. */
export function shortFacts(broker: StatusResult): string {
  const { sessions, statistics: counts } = broker
  return plainTable([
    [
      'broker',
      `pid ${broker.pid}, generation ${broker.generation}, up ${duration(broker.uptimeMs)}, ${count(broker.clients, 'client')}`,
    ],
    [
      'sessions',
      `${sessions.open} of ${sessions.max}; logins: ${counts.connectionMisses} opened, ${counts.connectionHits} spared`,
    ],
    [
      'commands',
      `${counts.commandMisses} executed, ${counts.commandHits} spared; cache: ${cacheFact(broker)}`,
    ],
  ])
}

function cacheFact({ cache }: StatusResult): string {
  return `${count(cache.entries, 'output')}, ${size(cache.bytes)} of ${size(cache.maxBytes)}`
}

function deviceRow(one: DeviceStatus): (string | number)[] {
  const { open, busy, opening } = one.sessions
  const counts = [open, busy, opening, one.queued, one.cachedOutputs]
  return [one.device, one.platform ?? '-', ...counts, trouble(one)]
}

function trouble({ lastError, backoffMs }: DeviceStatus): string {
  const parts = [
    ...(lastError ? [lastError.code] : []),
    ...(backoffMs === undefined ? [] : [`tried again in ${(backoffMs / 1000).toFixed(1)} s`]),
  ]
  return parts.join(', ')
}

function size(bytes: number): string {
  const mebibytes = bytes / 2 ** 20
  return mebibytes >= 1 ? `${Math.round(mebibytes)} MiB` : `${Math.ceil(bytes / 1024)} KiB`
}
