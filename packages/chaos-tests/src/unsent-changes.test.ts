import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { type BrokerClient, connect } from '@nac-broker/client'
import { temporaryFolder } from '../../orchestrator/src/cli/command-line.fixture.ts'
import { executions, startLab } from './lab.fixture.ts'
import { startSupervisedLab } from './supervised-lab.fixture.ts'

const CHANGE = 'write nonce once'

async function sessionClosed(client: BrokerClient): Promise<void> {
  for await (const { event } of client.events()) if (event === 'session-closed') return
}

it('a change that its broker marked as sent when the session was over already can be asked for again', async () => {
  await using folder = await temporaryFolder()
  const storePath = folder.path('run.store')
  await using lab = await startLab({ devices: 1 }, { storePath })
  const client = await lab.client()
  await client.connect('sim-1')
  const closed = sessionClosed(client)
  await client.ping()
  const other = new DatabaseSync(storePath)
  other.exec('BEGIN IMMEDIATE')
  const lost = client.execute('sim-1', CHANGE, { key: 'once' }).catch((error: unknown) => error)
  // Requests of one connection arrive in order: the mark waits for the lock now.
  await client.ping()
  lab.simulator.devices[0]?.dropSessions()
  await closed
  other.close()
  expect(await lost).toMatchObject({ code: 'SESSION_LOST', sent: 'no' })
  const again = await client.execute('sim-1', CHANGE, { key: 'once' })
  expect(again.output).toBe('once 1')
  expect(executions(lab.log, CHANGE)).toBe(1)
})

it('a change that a direct client claimed too late for its deadline can be asked for again', async () => {
  await using lab = await startSupervisedLab({ host: 'thread', crashPolicy: ['fallback'] })
  const { socketPath, storePath } = lab.broker
  await using client = await connect({ socketPath, testbed: lab.testbedPath, env: {} })
  const fallback = lab.next('fallback')
  lab.kill()
  await fallback
  await client.execute('sim-1', 'show nonce logged-in')
  const other = new DatabaseSync(storePath ?? '')
  other.exec('BEGIN IMMEDIATE')
  const late = client.execute('sim-1', CHANGE, { key: 'once', timeoutMs: 150 })
  await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'no' })
  other.close()
  // Its turn comes after that of the change.
  await client.execute('sim-1', 'show nonce after', { cache: false })
  expect(executions(lab.log, CHANGE)).toBe(0)
  const again = await client.execute('sim-1', CHANGE, { key: 'once' })
  expect(again).toMatchObject({ via: 'direct', attempts: 1 })
  expect(executions(lab.log, CHANGE)).toBe(1)
})
