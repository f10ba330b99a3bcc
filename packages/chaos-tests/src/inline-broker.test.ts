import { lstat } from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  superviseBroker,
  type SupervisedBroker,
  type SupervisedBrokerEvent,
} from '@nac-broker/broker'
import { connect } from '@nac-broker/client'
import { startSimulator, type Simulator } from '@nac-broker/devices'
import { type Folder, temporaryFolder } from '../../orchestrator/src/cli/command-line.fixture.ts'
import { block } from './broker-fault.fixture.ts'
import { NacTestClient } from './nac-test-client.fixture.ts'

let folder: Folder
let simulator: Simulator
let broker: SupervisedBroker
let told: SupervisedBrokerEvent[]

beforeEach(async () => {
  folder = await temporaryFolder()
  simulator = await startSimulator({ devices: 1, latencyMs: 1 })
  await simulator.writeTestbed(folder.path('t.yaml'))
  told = []
  broker = await superviseBroker({
    host: 'inline',
    testbed: folder.path('t.yaml'),
    socketPath: folder.path('b.sock'),
    crashPolicy: 'abort',
    drainTimeoutMs: 50,
    heartbeatIntervalMs: 20,
    heartbeatTimeoutMs: 100,
    onEvent: (event) => told.push(event),
  })
})

afterEach(async () => {
  await broker.close()
  await simulator.close()
  await folder[Symbol.asyncDispose]()
})

it.each([['restart'], ['restart,abort'], ['restart,fallback']])(
  'a broker on the own loop refuses the policy %s in words',
  async (crashPolicy) => {
    await expect(superviseBroker({ host: 'inline', crashPolicy })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('crash policy restart cannot be with host inline'),
    })
  },
)

it('serves both dialects on the own loop', async () => {
  using client = await NacTestClient.connect(broker.socketPath)
  expect(await client.ask({ command: 'ping' })).toEqual({ status: 'success', result: 'pong' })
  await using other = await connect({ socketPath: broker.socketPath })
  const { output } = await other.execute('sim-1', 'show nonce own')
  expect(output).toBe('own 1')
})

it('is told of as the brokers of other hosts are, from its start to its end', async () => {
  await using client = await connect({ socketPath: broker.socketPath })
  const heard = (async () => {
    for await (const event of client.events())
      if (event.event === 'unit' && event.state === 'stopping') return event
    throw new Error('its end was not told')
  })()
  await client.execute('sim-1', 'show nonce own')
  await broker.close()
  expect(await heard).toMatchObject({ unit: 'broker' })
  const { pid } = process
  const socket = broker.socketPath
  expect(told.filter(isOfBroker)).toEqual([
    { event: 'unit', unit: 'broker', kind: 'broker', state: 'starting' },
    { event: 'listening', generation: 1, pid, socket },
    { event: 'unit', unit: 'broker', kind: 'broker', state: 'ready' },
    { event: 'unit', unit: 'broker', kind: 'broker', state: 'stopping' },
    { event: 'unit', unit: 'broker', kind: 'broker', state: 'stopped' },
  ])
})

it('that cannot start has failed, and says why', async () => {
  const testbed = folder.path('none.yaml')
  const onEvent = (event: SupervisedBrokerEvent): void => void told.push(event)
  told = []
  await expect(
    superviseBroker({ host: 'inline', testbed, crashPolicy: 'abort', onEvent }),
  ).rejects.toMatchObject({ code: 'TESTBED_INVALID' })
  const cause = expect.stringContaining('none.yaml') as string
  expect(told).toMatchObject([
    { unit: 'broker', state: 'starting' },
    { unit: 'broker', state: 'failed', cause },
  ])
})

it('keeps the deadlines of its clients', async () => {
  await using client = await connect({ socketPath: broker.socketPath })
  await client.connect('sim-1')
  for (const device of simulator.devices) device.latencyMs = 600_000
  const late = client.execute('sim-1', 'show nonce never', { timeoutMs: 100 })
  await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
})

it('is neither taken for lost nor ended nor replaced when the loop is blocked, however long', async () => {
  await using client = await connect({ socketPath: broker.socketPath })
  await client.ping()
  block(1_000)
  expect(await client.execute('sim-1', 'show nonce after')).toMatchObject({ generation: 1 })
  expect(broker.lost.aborted).toBe(false)
  expect(broker.generation).toBe(1)
})

it('cuts off, when it is closed, what does not end in time, and leaves no socket', async () => {
  await using client = await connect({ socketPath: broker.socketPath })
  await client.connect('sim-1')
  for (const device of simulator.devices) device.latencyMs = 600_000
  const pending = client.execute('sim-1', 'show nonce never')
  pending.catch(() => {})
  await client.ping()
  expect(await broker.close({ deadlineMs: 50 })).toEqual(['sim-1'])
  await expect(pending).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  await expect(lstat(broker.socketPath)).rejects.toThrow('ENOENT')
  expect(await broker.close()).toEqual(['sim-1'])
})

function isOfBroker(event: SupervisedBrokerEvent): boolean {
  return event.event === 'listening' || (event.event === 'unit' && event.kind === 'broker')
}
