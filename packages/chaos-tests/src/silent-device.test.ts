import { startBroker } from '@nac-broker/broker'
import { connect } from '@nac-broker/client'
import { type Simulator, startSimulator } from '@nac-broker/devices'
import { systemClock } from '@nac-broker/supervisor'
import { readFile, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { Running, temporaryFolder } from '../../orchestrator/src/cli/command-line.fixture.ts'
import { startDeviceWires, throughWires } from './real/device-wires.ts'
import { startSupervisedLab } from './supervised-lab.fixture.ts'
import { UnitWatch } from './units.fixture.ts'

/** Far from what a login or a command may take. */
const KEEPALIVE = { keepaliveIntervalMs: 100 }
/** Three keepalives go unanswered until the fourth would be due; and a second. */
const INTERVALS = 4 + 1_000 / KEEPALIVE.keepaliveIntervalMs

/**
 * As it is told, or rejects when that is too late. One timer after the other, each as long as between two keepalives: a
 * machine that is late with those is late with these.
 */
async function soon<Value>(told: Promise<Value>): Promise<Value> {
  const over = new AbortController()
  const late = (async () => {
    for (let interval = 0; interval < INTERVALS; interval++)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await systemClock.sleep(KEEPALIVE.keepaliveIntervalMs, over.signal)
    throw new Error(`not told within ${INTERVALS} intervals of keepalives`)
  })()
  try {
    return await Promise.race([told, late])
  } finally {
    over.abort()
    await late.catch(() => {})
  }
}

it('a device whose packets are dropped has failed when its keepalives went unanswered', async () => {
  await using folder = await temporaryFolder()
  await using simulator = await startSimulator({ devices: 1 })
  const testbed = folder.path('t.yaml')
  await simulator.writeTestbed(testbed)
  const wires = await startDeviceWires(() => simulator.devices, 1, systemClock)
  const [wire] = wires
  await writeFile(testbed, throughWires(await readFile(testbed, 'utf8'), simulator.devices, wires))
  try {
    await using broker = await startBroker({ testbed, ...KEEPALIVE })
    await using client = await connect({ socketPath: broker.socketPath })
    const device = await UnitWatch.subscribe(client, 'device sim-1')
    await client.connect('sim-1')
    await device.until('ready')
    wire?.suffer({ kind: 'silent' })
    const { cause } = await soon(device.until('failed'))
    expect(cause).toMatch(/^sim-1: .+ was lost: .*keepalive/i)
    expect(device.states.filter((state) => state === 'failed')).toHaveLength(1)
  } finally {
    await wire?.[Symbol.asyncDispose]()
  }
})

it('a client that goes to the device itself keeps to the keepalive of the broker that it has lost', async () => {
  let devices: Simulator['devices'] = []
  const [wire, ...others] = await startDeviceWires(() => devices, 1, systemClock)
  await using lab = await startSupervisedLab({
    host: 'thread',
    crashPolicy: ['fallback'],
    ...KEEPALIVE,
    rewriteTestbed(text, simulated) {
      devices = simulated
      return wire ? throughWires(text, devices, [wire, ...others]) : text
    },
  })
  try {
    await using client = await connect({
      socketPath: lab.broker.socketPath,
      testbed: lab.testbedPath,
    })
    const events = client.events()
    const until = async (kind: string): Promise<object> => {
      for await (const event of { [Symbol.asyncIterator]: () => ({ next: () => events.next() }) })
        if (event.event === kind) return event
      throw new Error(`the events ended without ${kind}`)
    }
    await until('ready')
    lab.kill()
    await until('direct')
    await client.connect('sim-1')
    await until('session-opened')
    wire?.suffer({ kind: 'silent' })
    expect(await soon(until('session-closed'))).toMatchObject({
      by: 'device',
      message: expect.stringMatching(/keepalive/i) as string,
    })
  } finally {
    await wire?.[Symbol.asyncDispose]()
  }
})

it('a device that is stopped in the middle of a command has failed before the command has', async () => {
  await using folder = await temporaryFolder()
  const testbed = folder.path('t.yaml')
  const args = ['--devices', '1', '--latency-ms', '0', '--testbed-out', testbed]
  await using devices = new Running(['simulate', ...args])
  await devices.line()
  await using broker = await startBroker({ testbed, ...KEEPALIVE })
  await using client = await connect({ socketPath: broker.socketPath })
  const device = await UnitWatch.subscribe(client, 'device sim-1')
  await client.connect('sim-1')
  const dead = device.until('failed')
  devices.process.kill('SIGSTOP')
  let isOver = false
  const command = client.execute('sim-1', 'show version').finally(() => (isOver = true))
  command.catch(() => {})
  expect((await soon(dead)).cause).toMatch(/keepalive/i)
  // It is tried again, with a session that nobody opens.
  expect(isOver).toBe(false)
  devices.process.kill('SIGKILL')
  await expect(command).rejects.toThrow('sim-1')
})
