import type { SupervisedBroker } from '@nac-broker/broker'
import { BrokerError, type UnitChange } from '@nac-broker/protocol'
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

it('answers whether it is ready as often as it is asked, and asks the broker only now and then', async () => {
  const clock = new VirtualClock()
  await using server = await startStatusServer({ port: 0 }, { devices: [], workers: [], clock })
  let asked = 0
  let alive = true
  const broker = {
    generation: 1,
    env: () => ({}),
    async status() {
      asked++
      if (!alive) throw new BrokerError('BROKER_LOST', 'there is no broker at the moment')
      return { devices: [] }
    },
  } as unknown as SupervisedBroker
  server.status.follow({ broker, history: { generations: [] } })
  const ready = async (): Promise<boolean> => (await fetch(`${server.url}readyz`)).ok
  const often = async (): Promise<Set<boolean>> =>
    new Set(await Promise.all(Array.from({ length: 100 }, ready)))

  expect(await often()).toEqual(new Set([true]))
  expect(await often()).toEqual(new Set([true]))
  expect(asked).toBe(1)
  await clock.advance(500)
  expect(await often()).toEqual(new Set([true]))
  expect(asked).toBe(2)
  alive = false
  server.status.record({ event: 'broker-lost', generation: 1, message: 'the broker crashed' })
  expect(await often()).toEqual(new Set([false]))
  alive = true
  server.status.record({ event: 'listening', generation: 2, pid: 1, socket: '/tmp/x' })
  expect(await often()).toEqual(new Set([true]))
  expect(asked).toBe(4)
})
