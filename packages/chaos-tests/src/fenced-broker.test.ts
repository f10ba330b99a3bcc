import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect } from '@nac-broker/client'
import { type DeviceLogEntry, startSimulator } from '@nac-broker/devices'
import { openRunStore, ownerOf } from '@nac-broker/run-store'
import { expect, it } from 'vitest'
import { startOrchestrator } from './freeze-mid-command.fixture.ts'
import { NacTestClient } from './nac-test-client.fixture.ts'

it('a broker that was frozen while the next one began sends no change when it wakes up, with a key or without', async () => {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-fenced-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const log: DeviceLogEntry[] = []
  const deviceLog = (entry: DeviceLogEntry): void => void log.push(entry)
  const simulator = stack.use(await startSimulator({ devices: 1, deviceLog }))
  const testbed = path.join(directory, 'testbed.yaml')
  await simulator.writeTestbed(testbed)
  const orchestrator = stack.use(
    await startOrchestrator(testbed, path.join(directory, 'broker.sock')),
  )
  const { socketPath } = orchestrator
  const patience = { heartbeatTimeoutMs: 60_000, crashPolicy: 'abort' }
  const ours = stack.use(await connect({ socketPath, ...patience }))
  const theirs = stack.use(await NacTestClient.connect(socketPath))
  const ask = { command: 'execute', hostname: 'sim-1' }
  expect(await theirs.ask({ ...ask, cmd: 'show nonce before' })).toMatchObject({
    status: 'success',
  })

  process.kill(orchestrator.pid, 'SIGSTOP')
  theirs.send({ ...ask, cmd: 'write nonce theirs' })
  const keyed = ours.execute('sim-1', 'write nonce keyed').catch((error: unknown) => error)
  const idempotent = ours
    .execute('sim-1', 'write nonce idempotent', { idempotent: true })
    .catch((error: unknown) => error)
  {
    // As somebody does who was told that the first broker is gone, and cannot see that it is not.
    await using store = await openRunStore(`${socketPath}.store`)
    await store.generations.end(1)
    await store.generations.begin(2, ownerOf(2))
  }
  process.kill(orchestrator.pid, 'SIGCONT')

  expect(await theirs.reply()).toMatchObject({ status: 'error' })
  for (const error of await Promise.all([keyed, idempotent])) {
    expect(error).toMatchObject({ code: 'SHUTTING_DOWN', sent: 'no' })
  }
  expect(
    log.filter(
      ({ event, ...rest }) =>
        event === 'command' && 'line' in rest && rest.line.startsWith('write'),
    ),
  ).toEqual([])
})
