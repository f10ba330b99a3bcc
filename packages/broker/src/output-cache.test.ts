import { expect, it } from 'vitest'
import { VirtualClock } from '@nac-broker/supervisor'
import { OutputCache } from './output-cache.ts'

const output = Buffer.from('IOS XE')

it('gives an output out until its time is up', async () => {
  const clock = new VirtualClock()
  const cache = new OutputCache({ ttlMs: 1_000, maxBytes: 100_000, clock })
  cache.set('r1', 'show version', 0, output)
  await clock.advance(999)
  expect(cache.get('r1', 'show version', 0)).toEqual(output)
  await clock.advance(2)
  expect(cache.size).toEqual({ entries: 0, bytes: 0 })
  expect(cache.get('r1', 'show version', 0)).toBeUndefined()
})

it('never gives out what belongs to an earlier epoch of the device', () => {
  const cache = new OutputCache({ ttlMs: 1_000, maxBytes: 100_000, clock: new VirtualClock() })
  cache.set('r1', 'show version', 0, output)
  expect(cache.get('r1', 'show version', 1)).toBeUndefined()
})

it('keeps devices and commands apart', () => {
  const cache = new OutputCache({ ttlMs: 1_000, maxBytes: 100_000, clock: new VirtualClock() })
  cache.set('r1', 'show version', 0, output)
  expect(cache.get('r2', 'show version', 0)).toBeUndefined()
  expect(cache.get('r1', 'show clock', 0)).toBeUndefined()
})

it('drops the least recently used when the bytes are spent, and takes no giant', () => {
  const cache = new OutputCache({ ttlMs: 1_000, maxBytes: 40_000, clock: new VirtualClock() })
  const chunk = Buffer.alloc(9_000)
  for (const command of ['one', 'two', 'three', 'four', 'five']) cache.set('r1', command, 0, chunk)
  expect(cache.get('r1', 'one', 0)).toBeUndefined()
  expect(cache.get('r1', 'five', 0)).toEqual(chunk)
  expect(cache.size.bytes).toBeLessThanOrEqual(40_000)
  cache.set('r1', 'giant', 0, Buffer.alloc(30_000))
  expect(cache.get('r1', 'giant', 0)).toBeUndefined()
  expect(cache.get('r1', 'five', 0)).toEqual(chunk)
})

it('keeps nothing when it is off', () => {
  const cache = new OutputCache({ ttlMs: 'off', maxBytes: 100_000, clock: new VirtualClock() })
  cache.set('r1', 'show version', 0, output)
  expect(cache.get('r1', 'show version', 0)).toBeUndefined()
  expect(cache.size).toEqual({ entries: 0, bytes: 0 })
})

it('counts entries by device, and which of them are still true', async () => {
  const clock = new VirtualClock()
  const cache = new OutputCache({ ttlMs: 1_000, maxBytes: 100_000, clock })
  cache.set('r1', 'old', 0, output)
  cache.set('r1', 'new', 1, output)
  cache.set('r2', 'only', 0, output)
  const epochs: Record<string, number> = { r1: 1, r2: 0 }
  expect(Object.fromEntries(cache.countByDevice((device) => epochs[device] ?? 0))).toEqual({
    r1: { entries: 2, valid: 1 },
    r2: { entries: 1, valid: 1 },
  })
})
