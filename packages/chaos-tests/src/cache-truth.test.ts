import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { openRunStore } from '@nac-broker/run-store'
import { temporaryFolder } from '../../orchestrator/src/cli/command-line.fixture.ts'
import { executions, startLab } from './lab.fixture.ts'

it('answers a repeated read-only command without the device', async () => {
  await using lab = await startLab({ devices: 1 })
  const client = await lab.client()
  const first = await client.execute('sim-1', 'show nonce again')
  const second = await client.execute('sim-1', 'show nonce again')
  expect([first.cached, second.cached]).toEqual([false, true])
  expect(second.output).toBe(first.output)
  expect(executions(lab.log, 'show nonce again')).toBe(1)
})

it('executes again when the caller wants it fresh', async () => {
  await using lab = await startLab({ devices: 1 })
  const client = await lab.client()
  await client.execute('sim-1', 'show nonce fresh')
  const again = await client.execute('sim-1', 'show nonce fresh', { cache: false })
  expect(again).toMatchObject({ cached: false, output: 'fresh 2' })
})

it('sends what is not read-only each time, and forgets what was read before it', async () => {
  await using lab = await startLab({ devices: 1 })
  const client = await lab.client()
  await client.execute('sim-1', 'show nonce before')
  await client.execute('sim-1', 'clear counters')
  await client.execute('sim-1', 'clear counters')
  expect(executions(lab.log, 'clear counters')).toBe(2)
  const after = await client.execute('sim-1', 'show nonce before')
  expect(after).toMatchObject({ cached: false, output: 'before 2' })
})

it('forgets what was read before a configuration', async () => {
  await using lab = await startLab({ devices: 1 })
  const client = await lab.client()
  await client.execute('sim-1', 'show nonce config')
  await client.configure('sim-1', ['interface Loopback0', 'description changed'])
  expect((await client.execute('sim-1', 'show nonce config')).cached).toBe(false)
})

it('does not keep what was read while something changed', async () => {
  await using lab = await startLab({ devices: 1, latencyMs: 50 }, { maxSessionsPerDevice: 2 })
  const client = await lab.client()
  await client.connect('sim-1')
  const [read] = await Promise.all([
    client.execute('sim-1', 'show nonce torn'),
    client.execute('sim-1', 'clear counters'),
  ])
  expect(read.output).toBe('torn 1')
  expect(await client.execute('sim-1', 'show nonce torn')).toMatchObject({ cached: false })
})

it('keeps the cache and the session when a command is rejected', async () => {
  await using lab = await startLab({ devices: 1 })
  const client = await lab.client()
  await client.execute('sim-1', 'show nonce kept')
  await expect(client.execute('sim-1', 'show')).rejects.toMatchObject({
    code: 'COMMAND_REJECTED',
    device: 'sim-1',
    sent: 'yes',
    message: expect.stringContaining('% Incomplete command'),
  })
  expect((await client.execute('sim-1', 'show nonce kept')).cached).toBe(true)
  expect(lab.log.filter(({ event }) => event === 'login')).toHaveLength(1)
})

it('forgets what was read when the device itself closes the session', async () => {
  await using lab = await startLab({ devices: 1 })
  const client = await lab.client()
  await client.execute('sim-1', 'show nonce reload')
  const closed = sessionClosed(client.events())
  await client.ping() // Requests of one connection arrive in order: the subscription stands now.
  lab.simulator.devices[0]?.dropSessions()
  expect(await closed).toBe('device')
  expect(await client.execute('sim-1', 'show nonce reload')).toMatchObject({
    cached: false,
    output: 'reload 2',
  })
})

it('keeps what was read when the session is closed for want of use', async () => {
  await using lab = await startLab({ devices: 2 }, { maxConnections: 1 })
  const client = await lab.client()
  await client.execute('sim-1', 'show nonce idle')
  await client.execute('sim-2', 'show nonce other')
  expect((await client.execute('sim-1', 'show nonce idle')).cached).toBe(true)
})

it.each([3_600_000, 'off'] as const)(
  'the run store knows of a change without a key when the device gets it, and when it is done, with a cache of %s',
  async (cacheTtlMs) => {
    await using folder = await temporaryFolder()
    const storePath = folder.path('run.store')
    await using lab = await startLab({ devices: 1, latencyMs: 20 }, { storePath, cacheTtlMs })
    await using store = await openRunStore(storePath)
    const client = await lab.client()
    await client.connect('sim-1')
    const change = client.execute('sim-1', 'clear counters', { idempotent: true })
    await lab.commands(1, /clear counters/)
    expect(await store.epochs.currentEpoch('sim-1')).toBe(1)
    await change
    expect(await store.epochs.currentEpoch('sim-1')).toBe(2)
  },
)

it('sends no change that the run store cannot be told of, with a key or without', async () => {
  await using folder = await temporaryFolder()
  const storePath = folder.path('run.store')
  await using lab = await startLab({ devices: 1 }, { storePath })
  const client = await lab.client()
  await client.connect('sim-1')
  const other = new DatabaseSync(storePath)
  onTestFinished(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  for (const options of [{ idempotent: true }, { key: 'once' }]) {
    await expect(client.execute('sim-1', 'clear counters', options)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      sent: 'no',
    })
  }
  expect(executions(lab.log, 'clear counters')).toBe(0)
})

async function sessionClosed(
  events: AsyncIterable<{ event: string; by?: string }>,
): Promise<string | undefined> {
  for await (const { event, by } of events) if (event === 'session-closed') return by
  return undefined
}
