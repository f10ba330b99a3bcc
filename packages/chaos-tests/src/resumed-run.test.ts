import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { superviseBroker } from '@nac-broker/broker'
import { connect } from '@nac-broker/client'
import { expect, it } from 'vitest'
import { executions, startLab } from './lab.fixture.ts'

const ORCHESTRATOR = path.join(import.meta.dirname, 'frozen-orchestrator.fixture.ts')

/** An orchestrator that has a change made, a checkpoint set and an output cached, and is then killed. */
async function killedOrchestrator(testbed: string, socketPath: string): Promise<void> {
  const child = spawn(process.execPath, [ORCHESTRATOR, testbed, socketPath], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  await once(createInterface({ input: child.stdout }), 'line')
  await using client = await connect({ socketPath, name: 'bgp-1', crashPolicy: 'abort' })
  await client.execute('sim-1', 'write nonce once', { key: 'once' })
  await client.checkpoint({ done: ['once'] })
  await client.execute('sim-1', 'show nonce read')
  child.kill('SIGKILL')
  await exited
}

it('a run that is resumed after its orchestrator was killed knows what it did, and trusts no cache', async () => {
  await using lab = await startLab({ devices: 1 })
  const socketPath = path.join(lab.directory, 'run.sock')
  const options = { testbed: lab.testbedPath, socketPath, storePath: `${socketPath}.store` }
  await killedOrchestrator(lab.testbedPath, socketPath)

  await using broker = await superviseBroker({ ...options, resume: true })
  expect(broker.generation).toBe(2)
  // The first was another orchestrator's: this one has not started any again.
  expect(await broker.status()).toMatchObject({ generation: 2, restarts: 0 })
  await using client = await connect({ socketPath, name: 'bgp-1' })
  expect(await client.lastCheckpoint()).toEqual({ done: ['once'] })
  const again = await client.execute('sim-1', 'write nonce once', { key: 'once' })
  expect(again).toMatchObject({ output: 'once 1', generation: 2 })
  expect(executions(lab.log, 'write nonce once')).toBe(1)
  const read = await client.execute('sim-1', 'show nonce read')
  expect(read).toMatchObject({ cached: false, output: 'read 3' })
})

it('a run that lives is not resumed a second time', async () => {
  await using lab = await startLab({ devices: 1 })
  const socketPath = path.join(lab.directory, 'run.sock')
  const options = { testbed: lab.testbedPath, storePath: `${socketPath}.store` }
  await using first = await superviseBroker({ ...options, socketPath })
  expect(first.generation).toBe(1)
  await expect(superviseBroker({ ...options, resume: true })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining(`the living run of pid ${process.pid}`) as string,
  })
})

it('a store that cannot be used is not resumed, for nobody could tell what was sent', async () => {
  await using lab = await startLab({ devices: 1 })
  const options = { testbed: lab.testbedPath, storePath: lab.testbedPath, resume: true }
  await expect(superviseBroker(options)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})
