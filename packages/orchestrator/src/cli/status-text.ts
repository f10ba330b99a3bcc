import type { DeviceStatus, StatusResult } from '@nac-broker/protocol'
import { duration } from './duration.ts'
import { plainTable } from './table.ts'

/** What the broker knows, for people. */
export function statusText(broker: StatusResult): string {
  const { sessions, cache, statistics: counts } = broker
  const facts = [
    ['broker', `${broker.version}, pid ${broker.pid}, generation ${broker.generation}`],
    ['restarts', broker.restarts],
    ['up', duration(broker.uptimeMs)],
    ['socket', broker.socketPath],
    ['testbed', broker.testbed],
    ['clients', broker.clients],
    ['sessions', `${sessions.open} of ${sessions.max}, ${sessions.maxPerDevice} per device`],
    [
      'cache',
      `${cache.entries} ${cache.entries === 1 ? 'output' : 'outputs'}, ${size(cache.bytes)} of ${size(cache.maxBytes)}`,
    ],
    ['logins', `${counts.connectionMisses} opened, ${counts.connectionHits} spared`],
    ['commands', `${counts.commandMisses} executed, ${counts.commandHits} spared`],
  ]
  const head = ['device', 'platform', 'open', 'busy', 'opening', 'queued', 'cached', '']
  return `${plainTable(facts)}\n\n${plainTable([head, ...broker.devices.map(deviceRow)])}`
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
