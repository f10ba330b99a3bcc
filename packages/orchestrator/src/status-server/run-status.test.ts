import type { UnitChange } from '@nac-broker/protocol'
import { VirtualClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { EventSourceClient } from './event-source.fixture.ts'
import { startStatusServer } from './server.ts'

const unitOf = (device: string): UnitChange => {
  return { event: 'unit', unit: `device ${device}`, kind: 'device', state: 'ready' }
}
const deathOf = (device: string): UnitChange => {
  return { ...unitOf(device), state: 'failed', cause: `${device}: connection reset` }
}

it('tells a death at once, and what had waited before it; of many at a time the others together', async () => {
  const clock = new VirtualClock()
  await using server = await startStatusServer({ port: 0 }, { devices: [], workers: [], clock })
  using client = await EventSourceClient.open(`${server.url}events`)
  const { status } = server
  status.record(unitOf('r1'))
  status.record(deathOf('r1'))
  await client.event(({ unit, state }) => unit === 'device r1' && state === 'failed')
  for (const device of ['r2', 'r3', 'r4']) status.record(deathOf(device))
  await clock.advance(40)
  await client.event(({ unit }) => unit === 'device r4')
  const told = client.frames.filter(({ event }) => event === 'events')
  expect(told.map(({ data }) => (data as unknown[]).length)).toEqual([2, 3])
})
