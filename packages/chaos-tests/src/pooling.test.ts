import { appendFile } from 'node:fs/promises'
import path from 'node:path'
import { startBroker } from '@nac-broker/broker'
import { connect } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { executions, mostCommandsAtOnce, mostSessionsOpen, startLab } from './lab.fixture.ts'

it('executes a command once for 8 clients that ask for it together', async () => {
  await using lab = await startLab({ devices: 1, latencyMs: 20 })
  const clients = await Promise.all(Array.from({ length: 8 }, () => lab.client()))
  const answers = await Promise.all(clients.map((c) => c.execute('sim-1', 'show nonce together')))
  expect(answers.map(({ output }) => output)).toEqual(Array.from({ length: 8 }, () => 'together 1'))
  expect(executions(lab.log, 'show nonce together')).toBe(1)
})

it('lets the one with the short deadline go, and answers the seven others from the one execution', async () => {
  await using lab = await startLab({ devices: 1, latencyMs: 500 })
  const clients = await Promise.all(Array.from({ length: 8 }, () => lab.client()))
  await clients[0]?.connect('sim-1')
  const settled = await Promise.allSettled(
    clients.map((client, index) =>
      client.execute('sim-1', 'show nonce mixed', { timeoutMs: index === 0 ? 50 : 10_000 }),
    ),
  )
  const [impatient, ...patient] = settled
  expect(impatient).toMatchObject({ status: 'rejected', reason: { code: 'DEADLINE_EXCEEDED' } })
  expect(patient.map((one) => one.status === 'fulfilled' && one.value.output)).toEqual(
    Array.from({ length: 7 }, () => 'mixed 1'),
  )
  expect(executions(lab.log, 'show nonce mixed')).toBe(1)
})

it('never runs two commands at a time on a session: 5 clients, 5 commands, one session', async () => {
  await using lab = await startLab({ devices: 1, latencyMs: 20 })
  const clients = await Promise.all(Array.from({ length: 5 }, () => lab.client()))
  const answers = await Promise.all(clients.map((c, i) => c.execute('sim-1', `show nonce c${i}`)))
  expect(answers.map(({ output }) => output.split(' ')[0])).toEqual(['c0', 'c1', 'c2', 'c3', 'c4'])
  expect(mostSessionsOpen(lab.log)).toBe(1)
  expect(mostCommandsAtOnce(lab.log)).toBe(1)
})

it('never has more sessions open than max_connections: 10 devices, 2 connections', async () => {
  await using lab = await startLab({ devices: 10, latencyMs: 5 }, { maxConnections: 2 })
  const client = await lab.client()
  const asked = Array.from({ length: 40 }, (_, i) => ({ device: `sim-${(i % 10) + 1}`, nonce: i }))
  const answers = await Promise.all(
    asked.map(({ device, nonce }) => client.execute(device, `show nonce n${nonce}`)),
  )
  expect(answers.map(({ output }) => output.split(' ')[0])).toEqual(
    asked.map(({ nonce }) => `n${nonce}`),
  )
  expect(mostSessionsOpen(lab.log)).toBe(2)
})

it('opens no session for a call that another one has served, while other devices wait', async () => {
  const limits = { maxConnections: 1, maxSessionsPerDevice: 3 }
  await using lab = await startLab({ devices: 2, latencyMs: 20 }, limits)
  const client = await lab.client()
  const asked = ['sim-1', 'sim-1', 'sim-2'].map((device, n) =>
    client.execute(device, `show nonce n${n}`, { timeoutMs: 5_000 }),
  )
  const answers = await Promise.all(asked)
  expect(answers.map(({ output }) => output.split(' ')[0])).toEqual(['n0', 'n1', 'n2'])
  expect(lab.log.filter(({ event }) => event === 'login')).toHaveLength(2)
})

it('gives a session that nobody needs any more to whoever waits for another device', async () => {
  await using lab = await startLab({ devices: 2, loginLatencyMs: 300 }, { maxConnections: 1 })
  const client = await lab.client()
  const late = client.execute('sim-1', 'show nonce late', { timeoutMs: 100 })
  const waiting = client.execute('sim-2', 'show nonce waiting', { timeoutMs: 5_000 })
  await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  await expect(waiting).resolves.toMatchObject({ output: 'waiting 1000001' })
})

it('uses as many sessions of a device as it may, and no more', async () => {
  await using lab = await startLab({ devices: 1, latencyMs: 20 }, { maxSessionsPerDevice: 3 })
  const client = await lab.client()
  await Promise.all(
    Array.from({ length: 12 }, (_, i) => client.execute('sim-1', `show nonce n${i}`)),
  )
  expect(mostSessionsOpen(lab.log)).toBe(3)
  expect(mostCommandsAtOnce(lab.log)).toBe(1)
})

it('counts commands and configurations, and those that were spared', async () => {
  await using lab = await startLab({ devices: 1 })
  const storePath = path.join(lab.directory, 'store')
  const gone =
    '  gone: {os: iosxe, credentials: {default: {username: a}}, connections: {cli: {ip: 127.0.0.1, port: 1}}}\n'
  await appendFile(lab.testbedPath, gone)
  await using broker = await startBroker({ testbed: lab.testbedPath, storePath })
  await using client = await connect({ socketPath: broker.socketPath })
  await client.execute('sim-1', 'show nonce counted')
  await client.execute('sim-1', 'show nonce counted')
  await client.configure('sim-1', ['interface Loopback0'], { key: 'counted' })
  await client.configure('sim-1', ['interface Loopback0'], { key: 'counted' })
  // What never reached a device was not executed.
  await expect(client.execute('sim-1', 'show\nclock')).rejects.toThrow('control character')
  await expect(client.execute('gone', 'show clock')).rejects.toThrow('cannot be reached')
  const { statistics } = await client.status()
  expect(statistics).toEqual({
    connectionHits: 1,
    connectionMisses: 1,
    commandHits: 2,
    commandMisses: 2,
  })
})

it('says with its absolute path which testbed it serves', async () => {
  await using lab = await startLab({ devices: 1 })
  await using broker = await startBroker({ testbed: path.relative('.', lab.testbedPath) })
  expect(broker.status().testbed).toBe(lab.testbedPath)
})

it('shares a device out fairly: one command of a newcomer does not wait for the 50 of another', async () => {
  await using lab = await startLab({ devices: 1, latencyMs: 2 })
  const [busy, newcomer] = [await lab.client(), await lab.client()]
  await busy.connect('sim-1')
  const many = Array.from({ length: 50 }, (_, i) => busy.execute('sim-1', `show nonce b${i}`))
  await busy.ping() // answered after all 50 have been queued
  await newcomer.execute('sim-1', 'show nonce late')
  const before = lab.log.filter((entry) => entry.event === 'command' && entry.line.includes(' b'))
  expect(before.length).toBeLessThan(25)
  await Promise.all(many)
})

it('answers ping and status while a device is slow to log in', async () => {
  await using lab = await startLab({ devices: 1, loginLatencyMs: 1_000 })
  const client = await lab.client()
  const slow = client.connect('sim-1')
  await client.ping({ timeoutMs: 500 })
  const { devices } = await client.status({ timeoutMs: 500 })
  expect(devices[0]?.sessions).toEqual({ open: 0, busy: 0, opening: 1 })
  await slow
})

it('waits for a line when the device has none free, and says so at the deadline', async () => {
  await using lab = await startLab({ devices: 1, maxSessions: 1 })
  await using rival = await startLabFor(lab)
  const client = await lab.client()
  await rival.client.connect('sim-1')
  await expect(client.execute('sim-1', 'show version', { timeoutMs: 700 })).rejects.toMatchObject({
    code: 'SESSION_LIMIT',
    sent: 'no',
  })
  const waiting = client.execute('sim-1', 'show nonce patience')
  await rival.client.disconnect('sim-1')
  expect((await waiting).output).toBe('patience 1')
})

it('goes on waiting for a line when a timer fires a moment before its time', async () => {
  const startTimer: typeof systemClock.startTimer = (delayMs, callback) =>
    systemClock.startTimer(delayMs - 5, callback)
  const clock = { ...systemClock, startTimer }
  await using lab = await startLab({ devices: 1, maxSessions: 1 }, { clock })
  await using rival = await startLabFor(lab)
  await rival.client.connect('sim-1')
  const waiting = (await lab.client()).execute('sim-1', 'show nonce patience')
  await lab.refused()
  await rival.client.disconnect('sim-1')
  expect((await waiting).output).toBe('patience 1')
})

/** A second broker for the same devices. */
async function startLabFor(
  lab: Awaited<ReturnType<typeof startLab>>,
): Promise<AsyncDisposable & { client: Awaited<ReturnType<typeof lab.client>> }> {
  const broker = await startBroker({ testbed: lab.testbedPath })
  const client = await connect({ socketPath: broker.socketPath })
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client.close()
      await broker.close()
    },
  }
}
