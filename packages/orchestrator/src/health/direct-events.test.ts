import type { SupervisedBrokerEvent } from '@nac-broker/broker'
import type { DirectEvent } from '@nac-broker/protocol'
import { openRunStore } from '@nac-broker/run-store'
import { EventFeed, systemClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../cli/command-line.fixture.ts'
import { DirectEvents } from './direct-events.ts'

it('tells what clients without a broker wrote, once, and nothing that the run has told itself', async () => {
  await using folder = await temporaryFolder()
  await using store = await openRunStore(folder.path('run.store'))
  const heard: DirectEvent[] = []
  const from = { clock: systemClock, after: 0 }
  const direct = new DirectEvents(store.path, from, (event) => void heard.push(event))
  const opened = (device: string): object => ({ event: 'session-opened', device, openMs: 1 })
  await store.events.appendTold(opened('r1'), { event: 'client-joined', client: 1 })
  await store.events.append(opened('r2'))
  await direct.look()
  await direct.look()
  expect(heard).toEqual([opened('r2')])
})

it('tells what was written since the run was resumed, once a broker is lost, and while it goes on', async () => {
  await using folder = await temporaryFolder()
  await using store = await openRunStore(folder.path('run.store'))
  const before = await store.events.append({ event: 'checkpoint', worker: 'before' })
  const told = new EventFeed<string>((count) => `missed ${count}`)
  const direct = new DirectEvents(store.path, { clock: systemClock, after: before }, (event) => {
    if (event.event === 'checkpoint') told.emit(event.worker)
  })
  const workers = told.stream()
  const feed = new EventFeed<SupervisedBrokerEvent>((count) => ({ event: 'missed', count }))
  const events = feed.stream()
  const following = direct.follow({ events: () => events })
  await store.events.append({ event: 'checkpoint', worker: 'in the gap' })
  feed.emit({ event: 'broker-lost', generation: 1, message: 'it was killed' })
  expect(await workers.next()).toMatchObject({ value: 'in the gap' })
  await store.events.append({ event: 'checkpoint', worker: 'later' })
  expect(await workers.next()).toMatchObject({ value: 'later' })
  feed.end()
  await following
})
