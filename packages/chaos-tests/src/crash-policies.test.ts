import { describe, expect, it } from 'vitest'
import { connect } from '@nac-broker/client'
import { executions, mostSessionsOpen } from './lab.fixture.ts'
import { NacTestClient } from './nac-test-client.fixture.ts'
import { type HostKind, startSupervisedLab } from './supervised-lab.fixture.ts'

/** Long enough for a broker to be killed in the middle of a command. */
const SLOW = { latencyMs: 120 }

describe.each<HostKind>(['thread', 'process'])('restart, with the broker in a %s', (host) => {
  it('answers the next call when the broker was killed while idle, from the cache that was kept', async () => {
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

  it('repeats a read that was in flight', async () => {
    await using lab = await startSupervisedLab({ host, simulator: SLOW })
    await using client = await connect({ socketPath: lab.broker.socketPath })
    const got = lab.deviceGets('show nonce again')
    const answer = client.execute('sim-1', 'show nonce again')
    await got
    lab.kill()
    expect(await answer).toMatchObject({ output: 'again 2', attempts: 2, generation: 2 })
  })

  it('never repeats a change that was in flight: its outcome is unknown', async () => {
    await using lab = await startSupervisedLab({ host, simulator: SLOW })
    await using client = await connect({ socketPath: lab.broker.socketPath })
    const got = lab.deviceGets('clear counters')
    const answer = client.execute('sim-1', 'clear counters')
    answer.catch(() => {})
    await got
    lab.kill()
    await expect(answer).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', sent: 'yes' })
    expect(executions(lab.log, 'clear counters')).toBe(1)
  })

  it('gives the recorded result of a change that was done before the crash', async () => {
    await using lab = await startSupervisedLab({ host })
    await using client = await connect({ socketPath: lab.broker.socketPath })
    const first = await client.execute('sim-1', 'clear counters', { key: 'once' })
    lab.kill()
    const second = await client.execute('sim-1', 'clear counters', { key: 'once' })
    expect(second).toMatchObject({ output: first.output, generation: 2 })
    expect(executions(lab.log, 'clear counters')).toBe(1)
  })

  it('waits out a second crash during the restart', async () => {
    await using lab = await startSupervisedLab({ host })
    await using client = await connect({ socketPath: lab.broker.socketPath })
    const restarted = lab.next('listening')
    lab.kill()
    const answer = client.execute('sim-1', 'show nonce twice')
    await restarted
    lab.kill()
    expect(await answer).toMatchObject({ output: expect.stringMatching(/^twice \d$/) })
  })

  it('connects when the broker dies in the middle of the handshake', async () => {
    await using lab = await startSupervisedLab({ host })
    const connecting = connect({
      socketPath: lab.broker.socketPath,
      crashPolicy: ['restart', 'abort'],
    })
    lab.kill()
    await using client = await connecting
    expect((await client.execute('sim-1', 'show nonce hello')).output).toBe('hello 1')
  })

  it('ends in BROKER_LOST when restarting is given up', async () => {
    await using lab = await startSupervisedLab({ host })
    await using client = await connect({
      socketPath: lab.broker.socketPath,
      reconnectTimeoutMs: 1_000,
    })
    const aborted = lab.next('aborted')
    const killAgain = async (): Promise<void> => {
      for (;;) {
        await lab.next('listening')
        lab.kill()
      }
    }
    void killAgain()
    lab.kill()
    await aborted
    await expect(client.execute('sim-1', 'show nonce never')).rejects.toMatchObject({
      code: 'BROKER_LOST',
    })
  })
})

describe.each<HostKind>(['thread', 'process'])('abort, with the broker in a %s', (host) => {
  it('rejects every pending and every later call at once', async () => {
    await using lab = await startSupervisedLab({ host, crashPolicy: ['abort'], simulator: SLOW })
    await using client = await connect({ socketPath: lab.broker.socketPath })
    const got = lab.deviceGets('show nonce pending')
    const pending = client.execute('sim-1', 'show nonce pending')
    pending.catch(() => {})
    await got
    lab.kill()
    await expect(pending).rejects.toMatchObject({ code: 'BROKER_LOST', sent: 'unknown' })
    await expect(client.execute('sim-1', 'show nonce later')).rejects.toMatchObject({
      code: 'BROKER_LOST',
      sent: 'no',
    })
  })
})

describe.each<HostKind>(['thread', 'process'])('fallback, with the broker in a %s', (host) => {
  it('goes on directly: reads are repeated, changes are made, the cache is kept', async () => {
    await using lab = await startSupervisedLab({ host, crashPolicy: ['fallback'], simulator: SLOW })
    const { socketPath } = lab.broker
    await using client = await connect({ socketPath, testbed: lab.testbedPath })
    await client.execute('sim-1', 'show nonce before')
    const got = lab.deviceGets('show nonce flying')
    const flying = client.execute('sim-1', 'show nonce flying')
    await got
    lab.kill()
    expect(await flying).toMatchObject({ output: 'flying 3', via: 'direct' })
    expect(await client.execute('sim-1', 'show nonce before')).toMatchObject({
      output: 'before 1',
      cached: true,
      via: 'direct',
    })
    expect(await client.execute('sim-1', 'clear counters')).toMatchObject({ via: 'direct' })
    expect(await client.execute('sim-1', 'show nonce before')).toMatchObject({ cached: false })
    expect(mostSessionsOpen(lab.log)).toBe(1)
  })

  it('does not repeat a change that the lost broker had sent', async () => {
    await using lab = await startSupervisedLab({ host, crashPolicy: ['fallback'], simulator: SLOW })
    const { socketPath } = lab.broker
    await using client = await connect({ socketPath, testbed: lab.testbedPath })
    const got = lab.deviceGets('clear counters')
    const change = client.execute('sim-1', 'clear counters')
    change.catch(() => {})
    await got
    lab.kill()
    await expect(change).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(executions(lab.log, 'clear counters')).toBe(1)
  })
})

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

it('notices a stalled broker by its silence, and asks the next one', async () => {
  await using lab = await startSupervisedLab({ host: 'process' })
  await using client = await connect({ socketPath: lab.broker.socketPath })
  await client.ping()
  process.kill(lab.pid, 'SIGSTOP')
  const answer = await client.execute('sim-1', 'show nonce stalled')
  expect(answer).toMatchObject({ output: 'stalled 1', generation: 2 })
})
