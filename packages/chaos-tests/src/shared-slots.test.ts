import { beforeEach, expect, it } from 'vitest'
import { connect } from '@nac-broker/client'
import { openRunStore, ownerOf, type RunStore } from '@nac-broker/run-store'
import { systemClock } from '@nac-broker/supervisor'
import { mostSessionsOpen } from './lab.fixture.ts'
import { startSupervisedLab, type SupervisedLab } from './supervised-lab.fixture.ts'

// What a client with a direct connection does to have a session, without the session.
async function leaseFor(store: RunStore, device: string): Promise<void> {
  const owner = ownerOf(null)
  const deadlineMs = systemClock.now() + 15_000
  const limits = { maxPerDevice: 1, maxTotal: 2 }
  await using lease = await store.ledger.acquire({ device, owner, deadlineMs, ...limits })
  expect(lease.device).toBe(device)
}

let lab: SupervisedLab
let store: RunStore

beforeEach(async () => {
  lab = await startSupervisedLab({
    host: 'thread',
    simulator: { devices: 3, latencyMs: 5 },
    maxConnections: 2,
  })
  store = await openRunStore(lab.broker.storePath ?? '')
  return async () => {
    await store.close()
    await lab[Symbol.asyncDispose]()
  }
})

it('a living broker gives an idle session up when a direct client waits for the device', async () => {
  await using client = await connect({ socketPath: lab.broker.socketPath })
  await client.connect('sim-1')
  await client.connect('sim-2')
  await leaseFor(store, 'sim-1')
  const reasons = lab.log.filter(({ event }) => event === 'logout').map(({ device }) => device)
  expect(reasons).toEqual(['sim-1'])
})

it('gives up one session, and the one idle longest, when a direct client waits for any', async () => {
  await using client = await connect({ socketPath: lab.broker.socketPath })
  await client.connect('sim-1')
  await client.connect('sim-2')
  await leaseFor(store, 'sim-3')
  expect(lab.log.filter(({ event }) => event === 'logout').map(({ device }) => device)).toEqual([
    'sim-1',
  ])
})

it('gives a busy session up after its turn, and goes on when it has one again', async () => {
  await using client = await connect({ socketPath: lab.broker.socketPath })
  const asked = Array.from({ length: 150 }, (_, n) => client.execute('sim-1', `show nonce n${n}`))
  await Promise.race(asked)
  await leaseFor(store, 'sim-1')
  const answeredBefore = lab.log.filter(({ event }) => event === 'output').length
  expect(answeredBefore).toBeLessThan(150)
  const answers = await Promise.all(asked)
  expect(answers.map(({ output }) => output.split(' ')[0])).toEqual(asked.map((_, n) => `n${n}`))
  expect(mostSessionsOpen(lab.log)).toBe(1)
})

it('a client that has never reached a broker keeps to what the run allows', async () => {
  await using broker = await connect({ socketPath: lab.broker.socketPath })
  await broker.connect('sim-1')
  const env = { ...lab.broker.env(), NAC_TEST_BROKER_SOCKET: `${lab.directory}/not-there.sock` }
  await using client = await connect({ env, testbed: lab.testbedPath, crashPolicy: 'fallback' })
  const devices = ['sim-2', 'sim-3', 'sim-2', 'sim-3']
  await Promise.all(devices.map((device, n) => client.execute(device, `show nonce n${n}`)))
  expect(mostSessionsOpen(lab.log)).toBe(2)
})
