import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Host, type HostName, superviseBroker } from '@nac-broker/broker'
import { connect } from '@nac-broker/client'
import { BrokerError } from '@nac-broker/protocol'
import { processHost } from '../../broker/src/hosts/process.ts'
import { threadHost } from '../../broker/src/hosts/thread.ts'
import { temporaryFolder } from '../../orchestrator/src/cli/command-line.fixture.ts'
import type { BrokerFault } from './broker-fault.fixture.ts'
import { NacTestClient } from './nac-test-client.fixture.ts'
import { serve } from './serve.fixture.ts'
import { type HostKind, SHORT_PAUSES, startSupervisedLab } from './supervised-lab.fixture.ts'

const FAULTS: BrokerFault[] = ['uncaught error', 'full heap', 'early exit', 'endless loop']

describe.each<HostKind>(['thread', 'process'])('a broker in a %s', (host) => {
  it('is started again at the same path when it is killed, as the next generation', async () => {
    await using lab = await startSupervisedLab({ host })
    const listening = lab.next('listening')
    lab.kill()
    expect(await listening).toMatchObject({ generation: 2, socket: lab.broker.socketPath })
    using client = await NacTestClient.connect(lab.broker.socketPath)
    expect(await client.ask({ command: 'ping' })).toEqual({ status: 'success', result: 'pong' })
    expect(await lab.broker.status()).toMatchObject({ generation: 2, restarts: 1 })
  })

  it('never leaves its path without a socket file', async () => {
    await using lab = await startSupervisedLab({ host })
    let missing = 0
    const look = async (): Promise<void> => {
      const found = await lstat(lab.broker.socketPath).catch(() => undefined)
      if (!found?.isSocket()) missing++
    }
    const listening = lab.next('listening').then(() => true)
    lab.kill()
    while (!(await Promise.race([listening, look()]))) continue
    expect(missing).toBe(0)
  })

  it('can be killed twice in a row', async () => {
    await using lab = await startSupervisedLab({ host })
    for (const generation of [2, 3]) {
      const listening = lab.next('listening')
      lab.kill()
      expect(await listening).toMatchObject({ generation })
    }
  })

  it('is given up when it dies again and again, with the whole history', async () => {
    await using lab = await startSupervisedLab({ host, clock: SHORT_PAUSES })
    const aborted = lab.next('aborted')
    const killAgain = async (): Promise<void> => {
      for (;;) {
        await lab.next('listening')
        lab.kill()
      }
    }
    void killAgain()
    lab.kill()
    const { message } = await aborted
    expect(message).toMatch(
      /lost 6 times and restarting was given up \(after ([\d.]+, ){5}[\d.]+ s: the broker crashed/,
    )
    expect(lab.broker.lost.aborted).toBe(true)
    await expect(lab.broker.status()).rejects.toMatchObject({ code: 'BROKER_LOST' })
  })

  it('is not restarted under abort, and says why it was lost', async () => {
    await using lab = await startSupervisedLab({ host, crashPolicy: ['abort'] })
    const aborted = lab.next('aborted')
    lab.kill()
    expect((await aborted).message).toContain('is not restarted')
    expect(lab.broker.lost.reason).toMatchObject({ code: 'BROKER_LOST' })
  })

  it('is not restarted under fallback, and the store is there for those who fall back', async () => {
    await using lab = await startSupervisedLab({ host, crashPolicy: ['fallback'] })
    const fallback = lab.next('fallback')
    lab.kill()
    expect(await fallback).toEqual({ event: 'fallback', generation: 1 })
    expect(lab.broker.lost.aborted).toBe(false)
    expect((await lstat(lab.broker.storePath ?? '')).isFile()).toBe(true)
  })

  it('stops in good order, and leaves nothing but the store behind', async () => {
    const lab = await startSupervisedLab({ host })
    expect(await lab.broker.close()).toEqual([])
    expect(lab.events.filter(({ event }) => event === 'broker-lost')).toEqual([])
    expect((await readdir(lab.directory)).filter((name) => name.endsWith('.sock'))).toEqual([])
    await lab[Symbol.asyncDispose]()
  })

  it('leaves nothing of the socket that it was binding when it was killed', async () => {
    // Hosts inherit it, the ones in reserve too; with it failpoints can be armed.
    vi.stubEnv('NAC_BROKER_FAILPOINTS', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    await using lab = await startSupervisedLab({ host, clock: SHORT_PAUSES })
    const listening = lab.next('listening')
    lab.armNext('broker.socket.bound=kill')
    lab.kill()
    expect(await listening).toMatchObject({ generation: 3 })
    const names = await readdir(lab.directory)
    expect(names.filter((name) => name.startsWith('.nb'))).toEqual([])
  })

  it('is closed while it waits to be restarted', async () => {
    await using lab = await startSupervisedLab({ host })
    const restarting = lab.next('restarting')
    lab.kill()
    await restarting
    expect(await lab.broker.close()).toEqual([])
  })
})

it.each<['thread' | 'process', Host]>([
  ['thread', threadHost],
  ['process', processHost],
])(
  'a broker in a %s that hangs in its start is ended when it is not wanted any more, and leaves nothing',
  async (_, host) => {
    vi.stubEnv('NAC_BROKER_FAILPOINTS', 'host.start.told=stall')
    onTestFinished(() => void vi.unstubAllEnvs())
    await using folder = await temporaryFolder()
    const unwanted = new AbortController()
    const ended: Promise<unknown>[] = []
    const watched: Host = (onMessage) => {
      const hosted = host(onMessage)
      ended.push(hosted.exited)
      return {
        ...hosted,
        post(message) {
          hosted.post(message)
          if (message.type === 'start') unwanted.abort(new Error('enough'))
        },
      }
    }
    const socketPath = folder.path('b.sock')
    const starting = superviseBroker({ host: watched, socketPath, signal: unwanted.signal })
    await expect(starting).rejects.toMatchObject({
      code: 'CANCELLED',
      cause: { message: 'enough' },
    })
    await Promise.all(ended)
    expect(ended).toHaveLength(1)
    expect((await readdir(folder.path())).filter((name) => !name.includes('.store'))).toEqual([])
  },
)

it.each<HostName>(['inline', 'thread', 'process'])(
  'no broker is started, %s, for a signal that was aborted before',
  async (host) => {
    await using folder = await temporaryFolder()
    const reason = new BrokerError('CANCELLED', 'interrupted')
    const starting = superviseBroker({
      host,
      crashPolicy: 'abort',
      socketPath: folder.path('b.sock'),
      signal: AbortSignal.abort(reason),
    })
    await expect(starting).rejects.toBe(reason)
    expect((await readdir(folder.path())).filter((name) => !name.includes('.store'))).toEqual([])
  },
)

it.each(FAULTS)('a thread that dies of an %s is replaced, and we live on', async (fault) => {
  await using lab = await startSupervisedLab({ host: 'thread' })
  const listening = lab.next('listening')
  lab.inflict(fault)
  expect(await listening).toMatchObject({ generation: 2 })
})

it('says, when it is closed, that the broker itself did not stop', async () => {
  await using lab = await startSupervisedLab({ host: 'process' })
  process.kill(lab.pid, 'SIGSTOP')
  expect(await lab.broker.close({ deadlineMs: 300 })).toEqual(['the broker of generation 1'])
})

it('says, when it is closed, which device it was logging in to', async () => {
  await using folder = await temporaryFolder()
  const command = `echo busy > ${folder.path('pipe')}; exec sleep 600`
  execFileSync('sh', ['-c', 'mkfifo "$0"', folder.path('pipe')])
  const testbed = folder.path('t.yaml')
  const devices = { r1: { os: 'iosxe', connections: { cli: { command } } } }
  await writeFile(testbed, JSON.stringify({ devices }))
  const socketPath = folder.path('b.sock')
  const options = { host: 'inline', testbed, socketPath, crashPolicy: 'abort' } as const
  await using broker = await superviseBroker(options)
  await using client = await connect({ socketPath, env: {} })
  const pending = client.connect('r1')
  pending.catch(() => {})
  await readFile(folder.path('pipe'))
  expect(await broker.close({ deadlineMs: 50 })).toEqual(['r1'])
})

it('a process that is stopped is taken for lost, ended, and replaced', async () => {
  await using lab = await startSupervisedLab({ host: 'process' })
  const lost = lab.next('broker-lost')
  const listening = lab.next('listening')
  process.kill(lab.pid, 'SIGSTOP')
  expect((await lost).message).toMatch(/stalled: silent for/)
  expect(await listening).toMatchObject({ generation: 2 })
})

it.each<[HostKind, string]>([
  ['thread', 'with a store'],
  ['process', 'with a store'],
  ['thread', 'without one'],
  ['process', 'without one'],
])(
  'ends the child process of a `command:` device, deaf as it is, before a broker in a %s is replaced, %s',
  async (host, withStore) => {
    await using lab = await startSupervisedLab({ host })
    const testbed = path.join(lab.directory, 'command.yaml')
    // It lives on when its input ends, and tells of its end by closing the pipe that we read.
    const pidFile = path.join(lab.directory, 'pid')
    const device = `trap "" HUP TERM; echo $$ > ${pidFile}; printf "r1#"; while :; do read line && printf "%s\\nr1#" "$line" || sleep 1; done`
    await writeFile(
      testbed,
      JSON.stringify({
        devices: { r1: { os: 'iosxe', connections: { cli: { command: device } } } },
      }),
    )
    // The directory is no file that a store could be in.
    const storePath = withStore === 'without one' ? lab.directory : path.join(lab.directory, 's')
    await using deaf = await startSupervisedLab({ host, testbed, storePath })
    expect(deaf.broker.storePath === null).toBe(withStore === 'without one')
    using client = await NacTestClient.connect(deaf.broker.socketPath)
    await client.ask({ command: 'connect', hostname: 'r1' })
    const pid = Number(await readFile(pidFile, 'utf8'))
    expect(isRunning(pid)).toBe(true)
    const listening = deaf.next('listening')
    deaf.kill()
    await listening
    expect(isRunning(pid)).toBe(false)
  },
)

/** A zombie that its parent has not asked about yet does not run. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

it('does not restart for a mistake in the configuration: that is said at once', async () => {
  await expect(superviseBroker({ testbed: '/does/not/exist.yaml' })).rejects.toMatchObject({
    code: 'TESTBED_INVALID',
  })
})

it('refuses the store and the socket of a living run', async () => {
  await using lab = await startSupervisedLab({ host: 'process' })
  const { socketPath, storePath } = lab.broker
  await expect(superviseBroker({ socketPath })).rejects.toMatchObject({
    code: expect.stringMatching(/^(SOCKET_IN_USE|STORE_UNAVAILABLE)$/),
    message: expect.stringContaining(`pid ${lab.pid}`),
  })
  await expect(superviseBroker({ storePath: storePath ?? '' })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining(`pid ${lab.pid}`),
  })
})

it('refuses the socket and the store of a run that has no broker any more, but lives', async () => {
  await using lab = await startSupervisedLab({ host: 'thread', crashPolicy: ['fallback'] })
  const { socketPath, storePath } = lab.broker
  const fallback = lab.next('fallback')
  lab.kill()
  await fallback
  for (const resume of [false, true]) {
    await expect(superviseBroker({ socketPath, resume })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining(`pid ${process.pid}`),
    })
  }
  // With a store of its own it may have the place; what the first one leaves there is not its business.
  const other = path.join(lab.directory, 'other.store')
  await using second = await superviseBroker({ socketPath, storePath: other })
  await lab.broker.close()
  expect((await lstat(socketPath)).isSocket()).toBe(true)
  expect(await second.status()).toMatchObject({ generation: 1 })
  expect((await lstat(storePath ?? '')).isFile()).toBe(true)
})

it('refuses the socket of a run that waits to restart its broker', async () => {
  await using lab = await startSupervisedLab({ host: 'thread' })
  const restarting = lab.next('restarting')
  lab.kill()
  await restarting
  const { socketPath } = lab.broker
  await expect(superviseBroker({ socketPath })).rejects.toMatchObject({
    code: expect.stringMatching(/^(SOCKET_IN_USE|STORE_UNAVAILABLE)$/),
    message: expect.stringContaining(`pid ${process.pid}`),
  })
})

it('names the pid of a run that is stopped and does not answer', async () => {
  await using folder = await temporaryFolder()
  const socketPath = folder.path('b.sock')
  await writeFile(
    folder.path('t.yaml'),
    'devices: {r1: {os: iosxe, connections: {cli: {command: cat}}}}',
  )
  await using stopped = await serve('--testbed', folder.path('t.yaml'), '--socket', socketPath)
  const { pid } = stopped.process
  stopped.process.kill('SIGSTOP')
  await expect(superviseBroker({ socketPath })).rejects.toMatchObject({
    code: 'SOCKET_IN_USE',
    message: expect.stringContaining(`pid ${pid}, which does not answer`),
  })
})

it('runs on without a store that cannot be used', async () => {
  await using lab = await startSupervisedLab({ host: 'thread' })
  const storePath = path.join(lab.directory, 'notes.txt')
  await writeFile(storePath, 'these are notes, and no database at all; leave them alone')
  await using broker = await superviseBroker({ testbed: lab.testbedPath, storePath })
  expect(broker.storePath).toBeNull()
  expect(broker.env()).not.toHaveProperty('NAC_BROKER_STORE')
})
