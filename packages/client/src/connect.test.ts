import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { BrokerError } from '@nac-broker/protocol'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { BrokerClient } from './client.ts'
import { connectTimeoutOf } from './connect-timeout.ts'
import { connect } from './connect.ts'
import type { ConnectOptions } from './options.ts'
import { ScriptedBroker, temporaryDirectory, untilEvent } from './scripted-broker.fixture.ts'

let socketPath: string

beforeEach(async () => {
  socketPath = path.join(await temporaryDirectory(), 'broker.sock')
})

async function client(options: ConnectOptions = {}): Promise<BrokerClient> {
  const connected = await connect({ socketPath, env: {}, ...options })
  onTestFinished(() => connected.close())
  return connected
}

describe('the crash policy', () => {
  const settings = [
    { from: 'the broker', options: {}, ends: 'aborted' },
    {
      from: 'the environment',
      options: { env: { NAC_BROKER_POLICY: 'restart' } },
      ends: 'reconnecting',
    },
    {
      from: 'the option',
      options: { env: { NAC_BROKER_POLICY: 'fallback' }, crashPolicy: ['restart', 'abort'] },
      ends: 'reconnecting',
    },
  ]
  test.each(settings)('is the one of $from if that is the nearest', async ({ options, ends }) => {
    const broker = await ScriptedBroker.start(socketPath, undefined, { crashPolicy: ['abort'] })
    const connected = await client(options)
    const events = connected.events()
    await events.next()
    await broker.kill()
    await untilEvent(events, 'lost')
    expect(connected.state).toBe(ends)
  })

  test('is the default one when the broker has none', async () => {
    const broker = await ScriptedBroker.start(socketPath, undefined, { crashPolicy: [] })
    const connected = await client()
    const events = connected.events()
    await events.next()
    await broker.kill()
    await expect(untilEvent(events, 'reconnecting')).resolves.toBeDefined()
  })

  test.each([
    ['given', {}, { crashPolicy: 'abort,restart' }, /^crash policy "abort,restart": /],
    ['of the environment', {}, { env: { NAC_BROKER_POLICY: 'retry' } }, /^NAC_BROKER_POLICY: /],
    ['of the broker', { crashPolicy: ['pray'] }, {}, /^crash policy "pray": /],
  ])('%s is refused when there is no such policy', async (_, welcome, options, message) => {
    const broker = await ScriptedBroker.start(socketPath, undefined, welcome)
    await expect(client(options)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message })
    await broker.kill()
  })
})

describe('without a broker', () => {
  test('connecting fails at once, under abort and when no policy is given', async () => {
    const unavailable = { code: 'BROKER_UNAVAILABLE' }
    await expect(client()).rejects.toMatchObject(unavailable)
    await expect(client({ crashPolicy: 'abort' })).rejects.toMatchObject(unavailable)
    await expect(connect({ env: {} })).rejects.toMatchObject(unavailable)
  })

  test.each([
    ['a plain file', 'file', /file: it is no socket/],
    ['a directory', '.', /: it is no socket/],
    ['below a plain file', 'file/b.sock', /: a part of the path is no directory$/],
    ['too long', 'x'.repeat(108), /: the path has \d+ bytes, more than a socket's can have/],
  ])('connecting says, whatever the policy, that the path is %s', async (_, name, message) => {
    const directory = path.dirname(socketPath)
    await writeFile(path.join(directory, 'file'), '')
    const options = { socketPath: path.join(directory, name), crashPolicy: 'restart,fallback' }
    await expect(client(options)).rejects.toMatchObject({ code: 'SOCKET_PATH_INVALID', message })
  })

  test('connecting waits for one under restart', async () => {
    const connecting = client({ crashPolicy: 'restart' })
    const broker = await ScriptedBroker.start(socketPath)
    await expect(connecting).resolves.toMatchObject({ state: 'ready' })
    await broker.hasClients(1)
  })

  test('connecting fails under restart when its time is up', async () => {
    const options = { crashPolicy: 'restart', connectTimeoutMs: 50 }
    await expect(client(options)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  })

  test('connecting under restart can be cancelled', async () => {
    const controller = new AbortController()
    const connecting = client({ crashPolicy: 'restart', signal: controller.signal })
    controller.abort()
    await expect(connecting).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('connecting under fallback says what is missing when there is no testbed', async () => {
    await expect(client({ crashPolicy: 'fallback' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('NAC_TEST_TESTBED'),
    })
  })
})

describe('what a connect may take', () => {
  const unavailable = (ms: number): object => ({
    code: 'BROKER_UNAVAILABLE',
    message: expect.stringMatching(new RegExp(`no answer within ${ms} ms$`)) as string,
  })

  test('is what the environment says, and the option beats it', async () => {
    const broker = await ScriptedBroker.start(socketPath)
    broker.freeze()
    const env = { NAC_BROKER_CONNECT_TIMEOUT_MS: '60' }
    await expect(client({ env })).rejects.toMatchObject(unavailable(60))
    await expect(client({ env, connectTimeoutMs: 40 })).rejects.toMatchObject(unavailable(40))
  })

  test('is 5 s where the variable is empty', () => {
    expect(connectTimeoutOf({ NAC_BROKER_CONNECT_TIMEOUT_MS: '' })).toBe(5_000)
  })

  test.each(['0', '86400001', '-1', '5s', '1e3'])('is refused as %j in one line', async (text) => {
    const env = { NAC_BROKER_CONNECT_TIMEOUT_MS: text }
    await expect(client({ env })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `NAC_BROKER_CONNECT_TIMEOUT_MS: "${text}" is not allowed (allowed: a whole number from 1 to 86400000)`,
    })
  })
})

describe('under abort', () => {
  test('what is pending, and every later call, fails at once when the broker dies', async () => {
    const broker = await ScriptedBroker.start(socketPath, undefined, { crashPolicy: ['abort'] })
    const connected = await client()
    const events = connected.events()
    await events.next()
    const pending = connected.execute('r1', 'clear counters')
    await broker.hasRequests(2)
    await broker.kill()
    const lost = {
      code: 'BROKER_LOST',
      message: expect.stringContaining('(crash policy abort)') as string,
    }
    await expect(pending).rejects.toMatchObject({ ...lost, sent: 'unknown' })
    const later = [connected.configure('r1', ['end']), connected.status(), connected.ping()]
    for (const call of later) await expect(call).rejects.toMatchObject({ ...lost, sent: 'no' })
    expect(connected.lost.aborted).toBe(true)
    expect(connected.lost.reason).toBeInstanceOf(BrokerError)
    const told: string[] = []
    for await (const { event } of events) told.push(event)
    expect(told).toEqual(['lost', 'aborted'])
  })
})

describe('the heartbeat', () => {
  const quick = { heartbeatIntervalMs: 20, heartbeatTimeoutMs: 60, crashPolicy: 'abort' }

  test('finds out that the broker is stopped, and settles what is pending', async () => {
    const broker = await ScriptedBroker.start(socketPath)
    const connected = await client(quick)
    const events = connected.events()
    await events.next()
    const pending = connected.execute('r1', 'show version')
    await broker.hasRequests(2)
    broker.freeze()
    await expect(pending).rejects.toMatchObject({
      code: 'BROKER_LOST',
      sent: 'unknown',
      message: expect.stringContaining('did not answer'),
    })
    expect((await untilEvent(events, 'suspect')).silentMs).toBeGreaterThan(20)
    await untilEvent(events, 'aborted')
    await broker.hasClients(0)
  })

  test('takes what the broker says where nothing else is set', async () => {
    const heartbeat = { intervalMs: 20, timeoutMs: 60 }
    const broker = await ScriptedBroker.start(socketPath, undefined, { heartbeat })
    const connected = await client({ crashPolicy: 'abort' })
    const events = connected.events()
    await events.next()
    broker.freeze()
    await expect(untilEvent(events, 'aborted')).resolves.toMatchObject({ code: 'BROKER_LOST' })
  })

  test('is content again when the broker is only slow for a while', async () => {
    const broker = await ScriptedBroker.start(socketPath)
    const connected = await client({ ...quick, heartbeatTimeoutMs: 60_000 })
    const events = connected.events()
    await events.next()
    broker.freeze()
    await untilEvent(events, 'suspect')
    expect(connected.state).toBe('suspect')
    broker.thaw()
    await untilEvent(events, 'ready')
  })
})
