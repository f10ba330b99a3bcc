import { expect, it } from 'vitest'
import { connect } from '@nac-broker/client'
import { executions, mostSessionsOpen } from './lab.fixture.ts'
import { NacTestClient } from './nac-test-client.fixture.ts'
import { type HostKind, startSupervisedLab } from './supervised-lab.fixture.ts'

const HOSTS: HostKind[] = ['thread', 'process']

it.each(HOSTS)('the next broker in a %s answers from the cache that was kept', async (host) => {
  await using lab = await startSupervisedLab({ host })
  await using client = await connect({ socketPath: lab.broker.socketPath })
  await client.execute('sim-1', 'show nonce kept')
  lab.kill()
  expect(await client.execute('sim-1', 'show nonce kept')).toMatchObject({
    output: 'kept 1',
    cached: true,
    generation: 2,
    via: 'broker',
  })
  expect(executions(lab.log, 'show nonce kept')).toBe(1)
})

it.each(HOSTS)(
  'direct clients after a %s keep the cache, and the limit on sessions',
  async (host) => {
    await using lab = await startSupervisedLab({ host, crashPolicy: ['fallback'] })
    const setup = { socketPath: lab.broker.socketPath, testbed: lab.testbedPath }
    await using client = await connect(setup)
    await using other = await connect(setup)
    await client.execute('sim-1', 'show nonce before')
    const fallback = lab.next('fallback')
    lab.kill()
    await fallback
    const direct = { output: 'before 1', cached: true, via: 'direct' }
    expect(await client.execute('sim-1', 'show nonce before')).toMatchObject(direct)
    await Promise.all([client, other].map((one) => one.execute('sim-1', 'clear counters')))
    expect(await other.execute('sim-1', 'show nonce before')).toMatchObject({ cached: false })
    expect(mostSessionsOpen(lab.log)).toBe(1)
  },
)

it("nac-test's clients see the end of the stream, and find the next broker at the same path", async () => {
  await using lab = await startSupervisedLab({ host: 'thread' })
  using client = await NacTestClient.connect(lab.broker.socketPath)
  await client.ask({ command: 'ping' })
  const listening = lab.next('listening')
  lab.kill()
  expect(await client.reply()).toBe('closed')
  await listening
  using again = await NacTestClient.connect(lab.broker.socketPath)
  expect(await again.ask({ command: 'execute', hostname: 'sim-1', cmd: 'show nonce j' })).toEqual({
    status: 'success',
    result: 'j 1',
  })
})

it('a stalled broker is noticed by its silence, and the next one asked', async () => {
  await using lab = await startSupervisedLab({ host: 'process' })
  await using client = await connect({ socketPath: lab.broker.socketPath })
  await client.ping()
  process.kill(lab.pid, 'SIGSTOP')
  const answer = await client.execute('sim-1', 'show nonce stalled')
  expect(answer).toMatchObject({ output: 'stalled 1', generation: 2 })
})
