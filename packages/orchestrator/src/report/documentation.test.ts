import { readFileSync } from 'node:fs'
import type { BrokerStatistics } from '@nac-broker/protocol'
import { expect, it } from 'vitest'
import type { HealthError, HealthReport } from '../health/health-report.ts'
import type { DeviceReport } from '../report.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** The fields of a type: the compiler refuses one too few and one too many. */
function fields<Type>(prefix: string, names: Record<keyof Type, true>): string[] {
  return Object.keys(names).map((name) => `${prefix}.${name}`)
}

it('has the fields of errors, slow commands, devices and statistics in the README, and no others', () => {
  const [, section = ''] = readme.split(/^### (?=Fields of report.json)/m)
  const [table = ''] = section.split(/^##+ /m)
  const listed = [...table.matchAll(/^\| `([\w.[\]]+)` \|/gm)].map(([, key]) => key)
  expect(listed).toEqual([
    ...fields<NonNullable<DeviceReport['lastError']>>('devices[].lastError', {
      code: true,
      message: true,
    }),
    ...fields<BrokerStatistics>('broker.statistics', {
      connectionHits: true,
      connectionMisses: true,
      commandHits: true,
      commandMisses: true,
    }),
    ...fields<HealthReport['slowest'][number]>('health.slowest[]', {
      device: true,
      command: true,
      worker: true,
      ms: true,
      at: true,
    }),
    ...fields<HealthError>('health.errors[]', {
      at: true,
      worker: true,
      device: true,
      command: true,
      code: true,
      message: true,
    }),
  ])
})
