import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { brokerSettingsSchema, resolveSettings } from './options.ts'

it('has every setting in the README with the default that holds', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const rows = [...readme.matchAll(/^\| `(\w+)` \| (\S+) \|/gm)].map(([, name, value]) => [
    name,
    value,
  ])
  const defaults = Object.entries(brokerSettingsSchema.parse({}))
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(defaults.map(([name, value]) => [name, String(value)])),
  )
})

it('names the setting that is out of range', () => {
  expect(() => resolveSettings({ maxConnections: 0 })).toThrow(
    'broker option maxConnections: must be at least 1, not 0',
  )
})

it('takes the default for what is undefined', () => {
  expect(resolveSettings({}).maxSessionsPerDevice).toBe(1)
})
