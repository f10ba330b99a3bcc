import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openRunStore, type RunStore } from '@nac-broker/run-store'
import { VirtualClock } from '@nac-broker/supervisor'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { EventRecord } from './event-record.ts'
import type { SupervisedBrokerEvent } from './supervised-broker.ts'

let directory: string
let store: RunStore
let clock: VirtualClock
let record: EventRecord

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-record-'))
  store = await openRunStore(path.join(directory, 'run.store'))
  clock = new VirtualClock()
  record = new EventRecord(store, clock)
})

afterEach(async () => {
  vi.restoreAllMocks()
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

/** What is in the store, after all writes that were asked for. */
async function kept(): Promise<unknown[]> {
  // Writes take turns.
  await store.epochs.endEpoch('r1')
  return (await store.events.since(0, 10_000)).events.map(({ event }) => event)
}

const joined = (client: number): SupervisedBrokerEvent => ({ event: 'client-joined', client })

it('writes what comes by the hundred together, in its order, soon', async () => {
  const writing = vi.spyOn(store.events, 'appendTold')
  const clients = Array.from({ length: 300 }, (_, client) => joined(client))
  for (const client of clients) record.take(client)
  expect(await kept()).toEqual([])
  await clock.advance(100)
  expect(await kept()).toEqual(clients)
  expect(writing).toHaveBeenCalledOnce()
})

it('writes a failure and a decision at once, after what came before it', async () => {
  const failed = { event: 'unit', unit: 'device r1', kind: 'device', state: 'failed' } as const
  const decision = { event: 'policy-decision', policy: 'p', decision: 'stop' } as const
  const decided = { ...decision, worker: 'w', reason: 'exit code 1' }
  record.take(joined(1))
  record.take(failed)
  expect(await kept()).toEqual([joined(1), failed])
  record.take(decided)
  expect(await kept()).toEqual([joined(1), failed, decided])
})

it('keeps no command, and nothing of who is busy, idle or waiting', async () => {
  const device = { event: 'unit', unit: 'device r1', kind: 'device' } as const
  record.take({ ...device, state: 'busy' })
  record.take({ ...device, state: 'idle' })
  record.take({ event: 'waiting', workers: ['bgp'] })
  const command = { event: 'command', device: 'r1', via: 'broker', what: 'connect' } as const
  record.take({ ...command, ms: 1, from: 'device', attempts: 1 })
  record.take({ ...device, state: 'ready' })
  await record.settled()
  expect(await kept()).toEqual([{ ...device, state: 'ready' }])
})
