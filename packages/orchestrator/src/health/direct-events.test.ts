import { openRunStore } from '@nac-broker/run-store'
import type { DirectEvent } from '@nac-broker/protocol'
import { systemClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../cli/command-line.fixture.ts'
import { DirectEvents } from './direct-events.ts'

it('tells what clients without a broker wrote, once, and nothing that the run has told itself', async () => {
  await using folder = await temporaryFolder()
  await using store = await openRunStore(folder.path('run.store'))
  const heard: DirectEvent[] = []
  const direct = new DirectEvents(store.path, systemClock, (event) => void heard.push(event))
  const opened = (device: string): object => ({ event: 'session-opened', device, openMs: 1 })
  await store.events.appendTold(opened('r1'), { event: 'client-joined', client: 1 })
  await store.events.append(opened('r2'))
  await direct.look()
  await direct.look()
  expect(heard).toEqual([opened('r2')])
})
