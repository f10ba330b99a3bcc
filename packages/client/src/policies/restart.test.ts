import path from 'node:path'
import { BrokerError, type Params } from '@nac-broker/protocol'
import { systemClock } from '@nac-broker/supervisor'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { BrokerClient } from '../client.ts'
import { connect } from '../connect.ts'
import type { ConnectOptions } from '../options.ts'
import {
  output,
  ScriptedBroker,
  temporaryDirectory,
  untilEvent,
} from '../scripted-broker.fixture.ts'

/** How long a client waits for the next broker by default. */
const RECONNECT_MS = 30_000

let socketPath: string
let store: string

beforeEach(async () => {
  const directory = await temporaryDirectory()
  socketPath = path.join(directory, 'broker.sock')
  store = `${socketPath}.store`
})

async function client(options: ConnectOptions = {}): Promise<BrokerClient> {
  const connected = await connect({ socketPath, env: {}, ...options })
  onTestFinished(() => connected.close())
  return connected
}

function keysOf({ requests }: ScriptedBroker): unknown[] {
  return requests.map(({ params }) => (params as Params<'execute'>).key)
}

describe('a call that is in flight when the broker dies', () => {
  test('is sent to the next broker with the same key, and says that it was sent twice', async () => {
    const first = await ScriptedBroker.start(socketPath, undefined, { store })
    const broker = await client()
    const pending = broker.execute('r1', 'clear counters')
    await first.hasRequests(1)
    await first.kill()
    const second = await ScriptedBroker.start(socketPath, () => output('cleared'), {
      store,
      generation: 2,
    })
    await expect(pending).resolves.toMatchObject({
      output: 'cleared',
      via: 'broker',
      attempts: 2,
      generation: 2,
    })
    expect(keysOf(first)).toEqual([expect.any(String)])
    expect(keysOf(second)).toEqual(keysOf(first))
  })

  test('fails as the next broker says that it failed', async () => {
    const first = await ScriptedBroker.start(socketPath, undefined, { store })
    const broker = await client()
    const pending = broker.configure('r1', ['hostname r2'], { key: 'rename' })
    await first.hasRequests(1)
    await first.kill()
    const unknown = new BrokerError('OUTCOME_UNKNOWN', 'r1: nobody can tell', { sent: 'yes' })
    const second = await ScriptedBroker.start(socketPath, () => unknown, { store, generation: 2 })
    await expect(pending).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', sent: 'yes' })
    expect(keysOf(second)).toEqual(['rename'])
  })

  test('is never said to be unsent when its first attempt may have been', async () => {
    const first = await ScriptedBroker.start(socketPath, undefined, { store })
    const broker = await client()
    const pending = broker.execute('r1', 'clear counters')
    await first.hasRequests(1)
    await first.kill()
    const busy = new BrokerError('BROKER_BUSY', 'too many')
    await ScriptedBroker.start(socketPath, () => busy, { store, generation: 2 })
    await expect(pending).rejects.toMatchObject({ code: 'BROKER_BUSY', sent: 'unknown' })
  })

  test('is not sent again where there is no store, unless it may be', async () => {
    const first = await ScriptedBroker.start(socketPath)
    const broker = await client()
    const command = broker.execute('r1', 'clear counters')
    const change = broker.configure('r1', ['hostname r2'])
    const idempotent = broker.execute('r1', 'clear counters', { idempotent: true })
    const status = broker.status()
    const login = broker.connect('r1')
    await first.hasRequests(5)
    await first.kill()
    const refused = { code: 'STORE_UNAVAILABLE', sent: 'unknown' }
    await expect(command).rejects.toMatchObject(refused)
    await expect(change).rejects.toMatchObject(refused)
    const second = await ScriptedBroker.start(socketPath, () => output('again'), { generation: 2 })
    await expect(idempotent).resolves.toMatchObject({ output: 'again', attempts: 2 })
    await Promise.all([status, login])
    expect(second.requests.map(({ operation }) => operation).toSorted()).toEqual([
      'connect',
      'execute',
      'status',
    ])
    expect(keysOf(second)).toEqual([undefined, undefined, undefined])
  })

  test('is not sent to a broker with another store, which cannot know of it', async () => {
    const first = await ScriptedBroker.start(socketPath, undefined, { store })
    const broker = await client()
    const pending = broker.configure('r1', ['hostname r2'])
    await first.hasRequests(1)
    await first.kill()
    const other = { store: `${store}.other`, generation: 2 }
    const second = await ScriptedBroker.start(socketPath, () => output(''), other)
    await expect(pending).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', sent: 'unknown' })
    expect(second.requests).toEqual([])
  })

  test('settles at its own deadline, however long the broker is away', async () => {
    const first = await ScriptedBroker.start(socketPath, undefined, { store })
    const broker = await client()
    const events = broker.events()
    await events.next()
    const startedMs = systemClock.now()
    const pending = broker.execute('r1', 'clear counters', { timeoutMs: 150 })
    await first.hasRequests(2)
    await first.kill()
    await untilEvent(events, 'lost')
    const late = broker.execute('r1', 'show version', { timeoutMs: 100 })
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'no' })
    await expect(pending).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', sent: 'unknown' })
    expect(systemClock.now() - startedMs).toBeLessThan(RECONNECT_MS / 2)
  })

  test('can be cancelled while the broker is away', async () => {
    const first = await ScriptedBroker.start(socketPath, undefined, { store })
    const broker = await client()
    const events = broker.events()
    await events.next()
    const controller = new AbortController()
    const pending = broker.execute('r1', 'clear counters', { signal: controller.signal })
    await first.hasRequests(2)
    await first.kill()
    await untilEvent(events, 'lost')
    const waiting = broker.execute('r1', 'show version', { signal: controller.signal })
    controller.abort()
    await expect(pending).rejects.toMatchObject({ code: 'CANCELLED', sent: 'unknown' })
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED', sent: 'no' })
  })
})

test('a call made while the broker is away is sent once, when it is back', async () => {
  const first = await ScriptedBroker.start(socketPath, undefined, { store })
  const broker = await client()
  const events = broker.events()
  await events.next()
  await first.kill()
  await untilEvent(events, 'lost')
  const calls = Promise.all([broker.execute('r1', 'show version'), broker.connect('r1')])
  await ScriptedBroker.start(socketPath, () => output('15.1'), { store, generation: 2 })
  await expect(calls).resolves.toMatchObject([
    { output: '15.1', attempts: 1, generation: 2 },
    undefined,
  ])
})

test('a broker older than the last one is refused, and the next one waited for', async () => {
  const current = await ScriptedBroker.start(socketPath, undefined, { store, generation: 5 })
  const broker = await client()
  const pending = broker.execute('r1', 'show version')
  await current.hasRequests(1)
  await current.kill()
  const older = await ScriptedBroker.start(socketPath, () => output('old'), {
    store,
    generation: 4,
  })
  const events = broker.events()
  await untilEvent(events, 'reconnecting')
  await older.hasGreeted(1)
  await older.kill()
  await ScriptedBroker.start(socketPath, () => output('new'), { store, generation: 6 })
  await expect(pending).resolves.toMatchObject({ output: 'new', generation: 6 })
  expect(older.requests).toEqual([])
})

describe('waiting for the next broker', () => {
  test('ends after its time, and then every call is refused', async () => {
    const broker = await abandoned({ reconnectTimeoutMs: 50 })
    const refused = { code: 'BROKER_LOST', message: expect.stringContaining('none came back') }
    await expect(broker.execute('r1', 'show version')).rejects.toMatchObject(refused)
    expect(broker.state).toBe('aborted')
    expect(broker.lost.reason).toMatchObject(refused)
    await expect(broker.status()).rejects.toMatchObject({ ...refused, sent: 'no' })
  })

  test('ends at once when it is known that there will be none', async () => {
    const givenUp = new AbortController()
    const broker = await abandoned({ givenUp: givenUp.signal })
    const waiting = broker.execute('r1', 'show version')
    givenUp.abort()
    await expect(waiting).rejects.toMatchObject({
      code: 'BROKER_LOST',
      message: expect.stringContaining('restarting it was given up'),
    })
  })

  test('ends when the client is closed', async () => {
    const broker = await abandoned({})
    const waiting = broker.execute('r1', 'show version')
    await broker.close()
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(broker.state).toBe('closed')
  })

  async function abandoned(options: ConnectOptions): Promise<BrokerClient> {
    const only = await ScriptedBroker.start(socketPath, undefined, { store })
    const broker = await client(options)
    const events = broker.events()
    await events.next()
    await only.kill()
    await untilEvent(events, 'reconnecting')
    return broker
  }
})

test('a broker that shuts down as planned is not waited for', async () => {
  const only = await ScriptedBroker.start(socketPath, undefined, { store })
  const broker = await client()
  const events = broker.events()
  await events.next()
  const pending = broker.execute('r1', 'clear counters')
  await only.hasRequests(2)
  only.shutDown()
  await expect(pending).rejects.toMatchObject({ code: 'SHUTTING_DOWN', sent: 'unknown' })
  await expect(broker.status()).rejects.toMatchObject({ code: 'SHUTTING_DOWN', sent: 'no' })
  const told: string[] = []
  for await (const { event } of events) told.push(event)
  expect(told).toEqual(['closed'])
})

test('a broker that hangs up as soon as it has said welcome is gone back to after longer and longer pauses', async () => {
  const broker = await ScriptedBroker.start(socketPath, undefined, { store })
  const pauses: number[] = []
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    pauses.push(ms)
    return systemClock.sleep(ms, signal)
  }
  const events = (await client({ clock: { ...systemClock, sleep, random: () => 0.5 } })).events()
  for (let time = 1; time <= 4; time++) {
    await untilEvent(events, 'ready')
    broker.hangUp()
  }
  await untilEvent(events, 'ready')
  expect(pauses).toEqual([10, 20, 40, 80])
})

test('events go on with the next broker', async () => {
  const first = await ScriptedBroker.start(socketPath, undefined, { store })
  const broker = await client()
  const events = broker.events()
  await expect(events.next()).resolves.toMatchObject({ value: { event: 'ready', generation: 1 } })
  await first.kill()
  const second = await ScriptedBroker.start(socketPath, undefined, { store, generation: 2 })
  await second.hasRequests(1)
  second.emit({ event: 'draining' })
  const told: string[] = []
  for await (const { event } of events) {
    told.push(event)
    if (event === 'draining') break
  }
  expect(told).toEqual(['lost', 'reconnecting', 'ready', 'draining'])
})

test('a thousand clients come back at once, and every one of their calls is answered', async () => {
  const first = await ScriptedBroker.start(socketPath, undefined, { store })
  const clients = await Promise.all(Array.from({ length: 1_000 }, () => client()))
  const pending = clients.map((one, at) => one.execute('r1', `clear ${at}`))
  await first.hasRequests(1_000)
  await first.kill()
  const script = ({ params }: { params: unknown }): object =>
    output((params as Params<'execute'>).command)
  const second = await ScriptedBroker.start(socketPath, script, { store, generation: 2 })
  const answers = await Promise.all(pending)
  expect(answers.map((answer) => answer.output)).toEqual(clients.map((_, at) => `clear ${at}`))
  expect(new Set(keysOf(second)).size).toBe(1_000)
  expect(second.requests).toHaveLength(1_000)
})
