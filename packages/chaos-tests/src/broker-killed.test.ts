import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { connect } from '@nac-broker/client'
import { type Simulator, startSimulator } from '@nac-broker/devices'
import { systemClock } from '@nac-broker/supervisor'
import { serve, type Served } from './serve.fixture.ts'

let directory: string
let simulator: Simulator
let broker: Served

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-killed-'))
  const testbed = path.join(directory, 'testbed.yaml')
  simulator = await startSimulator({ devices: 1, latencyMs: 60_000 })
  await simulator.writeTestbed(testbed)
  broker = await serve('--testbed', testbed, '--socket', path.join(directory, 'b.sock'))
})

afterEach(async () => {
  await broker[Symbol.asyncDispose]()
  await simulator.close()
  await rm(directory, { recursive: true, force: true })
})

it('rejects what is pending, and every later call, when the broker is killed', async () => {
  const { socketPath } = broker
  await using client = await connect({ socketPath, crashPolicy: 'abort' })
  const pending = client.execute('sim-1', 'show version')
  await client.ping()
  const exited = once(broker.process, 'exit')
  broker.process.kill('SIGKILL')
  await expect(pending).rejects.toMatchObject({ code: 'BROKER_LOST', sent: 'unknown' })
  await expect(client.ping()).rejects.toMatchObject({ code: 'BROKER_LOST' })
  await exited
  await expect(connect({ socketPath, crashPolicy: 'abort' })).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    message: expect.stringContaining('no broker listens there any more'),
  })
})

it('settles a call at its deadline when the broker is stopped', async () => {
  await using client = await connect({ socketPath: broker.socketPath })
  await stop()
  const startedMs = systemClock.now()
  await expect(client.ping({ timeoutMs: 300 })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    sent: 'unknown',
  })
  expect(systemClock.now() - startedMs).toBeLessThan(10_000)
  broker.process.kill('SIGCONT')
})

it('does not take a stopped broker that still accepts for a living one', async () => {
  await stop()
  await expect(
    connect({ socketPath: broker.socketPath, connectTimeoutMs: 300, crashPolicy: 'abort' }),
  ).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  broker.process.kill('SIGCONT')
})

it('tells a client that the broker shuts down, and not that it was lost', async () => {
  await using client = await connect({ socketPath: broker.socketPath })
  await client.ping()
  broker.process.kill('SIGTERM')
  await once(broker.process, 'exit')
  await expect(client.ping()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
})

/** No event tells of it, and until then the broker answers. */
async function stop(): Promise<void> {
  broker.process.kill('SIGSTOP')
  const isStopped = (): boolean =>
    / T /.test(readFileSync(`/proc/${broker.process.pid}/stat`, 'utf8'))
  while (!isStopped()) await new Promise((resolve) => void setImmediate(resolve))
}
