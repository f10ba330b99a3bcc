import { once } from 'node:events'
import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { startBroker, superviseBroker } from '@nac-broker/broker'
import { connect } from '@nac-broker/client'
import { parseCrashPolicy } from '@nac-broker/protocol'
import { openRunStore } from '@nac-broker/run-store'
import { executions } from './lab.fixture.ts'
import { startSupervisedLab } from './supervised-lab.fixture.ts'

const SLOW = { latencyMs: 400 }

it('a broker of a generation older than what the client has seen is refused', async () => {
  await using lab = await startSupervisedLab({ host: 'thread' })
  const { socketPath, storePath } = lab.broker
  await lab.broker.close()
  const newer = { socketPath, storePath: storePath ?? '', testbed: lab.testbedPath, resume: true }
  // Nothing takes its place when it is lost.
  await using broker = await superviseBroker({ ...newer, host: 'process', crashPolicy: 'abort' })
  const crashPolicy = 'restart,abort'
  await using client = await connect({ socketPath, crashPolicy, reconnectTimeoutMs: 500 })
  await client.execute('sim-1', 'show nonce newer')
  // As one that was believed dead: it listens at the same path.
  const older = path.join(lab.directory, 'older.sock')
  await using _older = await startBroker({
    testbed: lab.testbedPath,
    socketPath: older,
    generation: 1,
  })
  await rename(older, socketPath)
  const lost = once(client.lost, 'abort')
  process.kill((await broker.status()).pid, 'SIGSTOP')
  await lost
  await expect(client.execute('sim-1', 'show nonce older')).rejects.toMatchObject({
    code: 'BROKER_LOST',
    message: expect.stringMatching(/generation 1 answered.*generation 2 already/),
  })
  expect(executions(lab.log, 'show nonce older')).toBe(0)
})

it('a client without the credentials to fall back says which variable it lacks', async () => {
  await using lab = await startSupervisedLab({ host: 'thread', crashPolicy: ['fallback'] })
  const testbed = path.join(lab.directory, 'poor.yaml')
  const text = await readFile(lab.testbedPath, 'utf8')
  await writeFile(testbed, text.replace('password: admin', 'password: "%ENV{LAB_SECRET}"'))
  await using client = await connect({ socketPath: lab.broker.socketPath, testbed, env: {} })
  await client.execute('sim-1', 'show nonce rich')
  const fallback = lab.next('fallback')
  lab.kill()
  await fallback
  await expect(client.execute('sim-1', 'write nonce poor')).rejects.toMatchObject({
    code: 'CREDENTIALS_MISSING',
    message: expect.stringContaining('LAB_SECRET'),
  })
})

it.each(['restart,abort', 'fallback'])(
  'beside a store from a newer release the run goes on without one, and under %s a change in flight fails closed',
  async (crashPolicy) => {
    await using before = await startSupervisedLab({ host: 'thread' })
    const storePath = path.join(before.directory, 'newer.store')
    await (await openRunStore(storePath)).close()
    const database = new DatabaseSync(storePath)
    database.exec('PRAGMA user_version = 9999')
    database.close()
    const left = await readFile(storePath)

    await using lab = await startSupervisedLab({
      host: 'thread',
      storePath,
      crashPolicy: parseCrashPolicy(crashPolicy),
      testbed: before.testbedPath,
    })
    for (const device of before.simulator.devices) device.latencyMs = SLOW.latencyMs
    expect(lab.broker.storePath).toBeNull()
    await using client = await connect({
      socketPath: lab.broker.socketPath,
      testbed: before.testbedPath,
    })
    const got = before.deviceGets('write nonce flying')
    const change = client.execute('sim-1', 'write nonce flying')
    change.catch(() => {})
    await got
    lab.kill()
    await expect(change).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', sent: 'unknown' })
    expect((await client.execute('sim-1', 'show nonce after')).output).toMatch(/^after \d+$/)
    expect(executions(before.log, 'write nonce flying')).toBe(1)
    expect(await readFile(storePath)).toEqual(left)
  },
)

it.each([
  ['abort,restart', /nothing follows "abort"/],
  ['retry', /there is no "retry"/],
  ['fallback,abort', /nothing follows "fallback"/],
])('a crash policy %s in the environment is refused in words', async (policy, words) => {
  await using lab = await startSupervisedLab({ host: 'thread' })
  const env = { NAC_BROKER_POLICY: policy }
  await expect(connect({ socketPath: lab.broker.socketPath, env })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(words),
  })
})

it('a key of another change is refused while that one is still under way', async () => {
  await using lab = await startSupervisedLab({ host: 'thread', simulator: { devices: 1 } })
  await using client = await connect({ socketPath: lab.broker.socketPath })
  const first = client.execute('sim-1', 'write nonce first', { key: 'key' })
  const other = client.execute('sim-1', 'write nonce other', { key: 'key' })
  await expect(other).rejects.toMatchObject({ code: 'INVALID_REQUEST', sent: 'no' })
  expect((await first).output).toMatch(/^first /)
})
