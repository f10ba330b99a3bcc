import { VirtualClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { openStore, temporaryPath } from './temporary.fixture.ts'

it('numbers events from 1 and reads them from any point on', async () => {
  const clock = new VirtualClock()
  await clock.advance(7)
  const { events } = await openStore(temporaryPath(), { clock })
  expect(await events.since(0)).toEqual({ missed: 0, events: [] })
  expect(await events.last()).toBe(0)
  expect(await events.append({ kind: 'broker-started' })).toBe(1)
  expect(await events.append({ kind: 'broker-lost', reason: 'killed' })).toBe(2)
  expect(await events.since(1)).toEqual({
    missed: 0,
    events: [
      { sequence: 2, wallTimeMs: 7, told: false, event: { kind: 'broker-lost', reason: 'killed' } },
    ],
  })
  expect((await events.since(0, 1)).events.map(({ sequence }) => sequence)).toEqual([1])
  expect(await events.since(2)).toEqual({ missed: 0, events: [] })
  expect(await events.last()).toBe(2)
})

it('says which of them have been told already', async () => {
  const { events } = await openStore()
  await events.append({ n: 1 })
  expect(await events.appendTold({ n: 2 }, { n: 3 })).toBe(3)
  const { events: read } = await events.since(0)
  expect(read.map(({ told }) => told)).toEqual([false, true, true])
})

it('holds the latest, and says how many a late reader missed', async () => {
  const { events } = await openStore(temporaryPath(), { limits: { maxEvents: 3 } })
  for (let n = 1; n <= 5; n++) await events.append({ n })
  const { missed, events: read } = await events.since(1)
  expect(missed).toBe(1)
  expect(read.map(({ event }) => event)).toEqual([{ n: 3 }, { n: 4 }, { n: 5 }])
})

it('refuses an event that is too large', async () => {
  const { events } = await openStore(temporaryPath(), { limits: { maxEventBytes: 20 } })
  await expect(events.append({ text: 'x'.repeat(20) })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  })
  expect((await events.since(0)).events).toEqual([])
})

it('holds as many bytes of events as it may, the latest', async () => {
  const { events } = await openStore(temporaryPath(), { limits: { maxEventsBytes: 30 } })
  for (let n = 1; n <= 5; n++) await events.append({ text: 'ü', n })
  const { missed, events: read } = await events.since(0)
  expect(missed).toBe(4)
  expect(read.map(({ event }) => event)).toEqual([{ text: 'ü', n: 5 }])
})
