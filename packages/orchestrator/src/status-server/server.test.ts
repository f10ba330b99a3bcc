import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@nac-broker/supervisor'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EventSourceClient } from './event-source.fixture.ts'
import { startStatusServer } from './server.ts'
import type { StatusDocument } from './status-document.ts'
import { startWatchedBroker, type WatchedBroker } from './watched-broker.fixture.ts'

const NOTHING = { devices: [], workers: [], clock: systemClock }

describe('of a broker', () => {
  let lab: WatchedBroker
  beforeAll(async () => {
    lab = await startWatchedBroker({ workers: ['w-1'] })
  })
  afterAll(async () => lab[Symbol.asyncDispose]())

  const status = async (): Promise<StatusDocument> =>
    (await fetch(lab.url('status'))).json() as Promise<StatusDocument>

  it('tells the status of broker, devices and workers', async () => {
    await lab.client.execute('sim-1', 'show version')
    const { broker, devices, workers } = await status()
    expect(broker).toMatchObject({ state: 'up', generation: 1, restarts: 0 })
    expect(broker.status?.clients).toBe(1)
    expect(devices[0]).toMatchObject({ name: 'sim-1', state: 'ready', sessions: { open: 1 } })
    expect(devices[1]).toMatchObject({ name: 'sim-2', state: 'idle' })
    expect(workers).toEqual([
      { name: 'w-1', state: 'waiting', attempt: 0, commands: 0, checkpoints: 0 },
    ])
  })

  it('is ready while a broker answers, and healthy anyhow', async () => {
    expect((await fetch(lab.url('readyz'))).status).toBe(200)
    expect((await fetch(lab.url('healthz'))).status).toBe(200)
  })

  it('streams what happens, and goes on behind the last id that a client has seen', async () => {
    using first = await EventSourceClient.open(lab.url('events'))
    const { data } = await first.frame(({ event }) => event === 'status')
    expect(data).toMatchObject({ whole: true, broker: { state: 'up' } })
    await lab.client.execute('sim-2', 'show clock')
    await first.event(({ event, device }) => event === 'session-opened' && device === 'sim-2')
    const id = first.lastEventId ?? ''
    first[Symbol.dispose]()

    await lab.client.execute('sim-2', 'show version')
    using second = await EventSourceClient.open(lab.url('events'), { 'Last-Event-ID': id })
    await second.event(({ event, command }) => event === 'command' && command === 'show version')
    const before = Number(id.split('-')[1])
    expect(second.events[0]?.id).toBe(`${id.split('-')[0]}-${before + 1}`)
    // Who cannot send a header says it in the address; a header is newer.
    using third = await EventSourceClient.open(lab.url(`events?lastEventId=${id}`))
    await third.event(({ event, command }) => event === 'command' && command === 'show version')
    expect(third.events[0]?.id).toBe(second.events[0]?.id)
  })

  it('has had the first broker from its start on', async () => {
    using client = await EventSourceClient.open(lab.url('events?earlier=1000'))
    await client.event(({ event }) => event === 'listening')
    const ofBroker = client.events
      .map(({ event }) => event)
      .filter(({ event, unit }) => unit === 'broker' || event === 'listening')
    expect(ofBroker).toMatchObject([
      { event: 'unit', state: 'starting' },
      { event: 'listening', generation: 1 },
      { event: 'unit', state: 'ready' },
    ])
  })

  it('says to who comes back from another run that it starts anew', async () => {
    using client = await EventSourceClient.open(lab.url('events'), { 'Last-Event-ID': 'abc-17' })
    const { data } = await client.frame(({ event }) => event === 'reset')
    expect(data).toMatchObject({ reason: expect.stringContaining('not of this run') })
    await client.event(({ event }) => event === 'client-joined')
  })

  it('counts for Prometheus', async () => {
    const response = await fetch(lab.url('metrics'))
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/)
    const text = await response.text()
    expect(text).toContain('nac_broker_up 1')
    expect(text).toMatch(/nac_broker_logins_total\{device="sim-1",result="ok"\} 1/)
    expect(text).toMatch(/nac_broker_sessions\{device="sim-1",state="open"\} 1/)
    expect(text).toContain('nac_broker_command_duration_seconds_bucket{le="0.005",from="device"}')
  })

  it('serves its page without any other source, and forbids the browser all others', async () => {
    const response = await fetch(lab.url('/'))
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    const html = await response.text()
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    for (const [, asset = ''] of html.matchAll(/(?:src|href)="([\w.]+\.(?:js|css))"/g))
      expect((await fetch(lab.url(asset))).status).toBe(200)
    expect((await fetch(lab.url('..%2fpackage.json'))).status).toBe(404)
  })

  it('answers no page whose name only leads here', async () => {
    using client = await EventSourceClient.open(lab.url('events'), { Host: 'localhost:1' })
    expect(client.response.statusCode).toBe(200)
    await expect(
      EventSourceClient.open(lab.url('events'), { Host: 'rebound.example' }),
    ).rejects.toThrow('status 403')
  })

  it('tells that a device ended its session', async () => {
    await lab.client.execute('sim-2', 'show version')
    using client = await EventSourceClient.open(lab.url('events'))
    await client.frame(({ event }) => event === 'status')
    await lab.simulator.devices[1]?.stop()
    const frame = await client.frame(
      ({ event, data }) =>
        event === 'status' &&
        (data as StatusDocument).devices.some(
          ({ name, state }) => name === 'sim-2' && state === 'failed',
        ),
    )
    const cause = expect.stringMatching(/^sim-2: .+ closed the session$/) as string
    expect(frame.data).toMatchObject({ devices: [{ cause }] })
    const dead = await client.event(({ event, state }) => event === 'unit' && state === 'failed')
    expect(dead?.event).toMatchObject({ unit: 'device sim-2', cause })
  })

  it('is not ready while there is no broker, and tells of the next one', async () => {
    using client = await EventSourceClient.open(lab.url('events'))
    await client.frame(({ event }) => event === 'status')
    const { pid } = await lab.broker.status()
    process.kill(pid, 'SIGKILL')
    await client.event(({ event }) => event === 'broker-lost')
    await client.event(({ event, generation }) => event === 'listening' && generation === 2)
    const { broker } = await status()
    expect(broker).toMatchObject({ state: 'up', generation: 2, restarts: 1 })
    expect(broker.generations[0]?.lost).toMatch(/SIGKILL/)
    expect(await (await fetch(lab.url('metrics'))).text()).toContain('nac_broker_losses_total 1')
  })
})

it('shows no device as failed that ended one of its two sessions and was closed with the other', async () => {
  await using lab = await startWatchedBroker({
    devices: 1,
    brokerOptions: { maxSessionsPerDevice: 2 },
  })
  const { client } = lab
  await Promise.all(['a', 'b'].map((word) => client.execute('sim-1', `show nonce ${word}`)))
  using events = await EventSourceClient.open(lab.url('events?earlier=1000'))
  await client.execute('sim-1', 'exit', { cache: false }).catch(() => {})
  await events.event(({ event, by }) => event === 'session-closed' && by === 'device')
  await client.disconnect('sim-1')
  await events.event(({ unit, state }) => unit === 'device sim-1' && state === 'stopped')
  const status = (await (await fetch(lab.url('status'))).json()) as StatusDocument
  expect(status.devices).toMatchObject([{ name: 'sim-1', state: 'idle' }])
  expect(await (await fetch(lab.url('metrics'))).text()).toContain(
    'nac_broker_device_failed{device="sim-1"} 0',
  )
})

it('tells how each of two sessions of a device fares, and of the death of one while the other lives', async () => {
  await using lab = await startWatchedBroker({
    devices: 1,
    brokerOptions: { maxSessionsPerDevice: 2 },
  })
  const { client } = lab
  using events = await EventSourceClient.open(lab.url('events?earlier=1000'))
  await Promise.all(['a', 'b'].map((word) => client.execute('sim-1', `show nonce ${word}`)))
  await client.execute('sim-1', 'exit', { cache: false }).catch(() => {})
  const dead = await events.event(({ kind, state }) => kind === 'session' && state === 'failed')
  const unit = dead?.event['unit']
  await client.disconnect('sim-1')
  await events.event((event) => event['unit'] === 'device sim-1' && event['state'] === 'stopped')
  const statesOf = (name: unknown): unknown[] =>
    events.events
      .map(({ event }) => event)
      .filter((event) => event['unit'] === name && event['state'] !== 'idle')
      .map(({ state }) => state)
  const other = unit === 'session sim-1#1' ? 'session sim-1#2' : 'session sim-1#1'
  expect(dead?.event).toMatchObject({ cause: expect.stringMatching(/^sim-1: .+ closed/) as string })
  expect(statesOf(unit)).toEqual(['starting', 'ready', 'busy', 'failed'])
  expect(statesOf(other)).toEqual(['starting', 'ready', 'busy', 'stopping', 'stopped'])
  expect(statesOf('device sim-1')).toEqual(['starting', 'ready', 'busy', 'stopping', 'stopped'])
})

it('is not ready before there is a broker', async () => {
  await using server = await startStatusServer({ port: 0 }, NOTHING)
  expect((await fetch(`${server.url}readyz`)).status).toBe(503)
  expect(await (await fetch(`${server.url}status`)).json()).toMatchObject({
    run: { state: 'starting' },
    broker: { state: 'starting' },
  })
})

it('skips nothing for who comes back from another run that had as many events', async () => {
  await using first = await startStatusServer({ port: 0 }, NOTHING)
  await using second = await startStatusServer({ port: 0 }, NOTHING)
  for (const { status } of [first, second])
    for (const worker of ['w-1', 'w-2', 'w-3'])
      status.record({ event: 'worker-started', worker, attempt: 1 })
  using before = await EventSourceClient.open(`${first.url}events?earlier=3`)
  await before.event(({ worker }) => worker === 'w-3')
  const seen = { 'Last-Event-ID': before.lastEventId ?? '' }
  using client = await EventSourceClient.open(`${second.url}events`, seen)
  await client.event(({ worker }) => worker === 'w-3')
  expect(client.frames[0]?.event).toBe('reset')
  expect(client.events.map(({ event }) => event['worker'])).toEqual(['w-1', 'w-2', 'w-3'])
})

it('tells who comes back after 30 s of a thousand commands each all else that happened, and how many commands it missed', async () => {
  await using server = await startStatusServer({ port: 0 }, NOTHING)
  const { status } = server
  status.record({ event: 'worker-started', worker: 'w-1', attempt: 1 })
  using before = await EventSourceClient.open(`${server.url}events?earlier=1`)
  await before.event(({ event }) => event === 'worker-started')
  before[Symbol.dispose]()

  const device = { event: 'unit', unit: 'device r1', kind: 'device' } as const
  const command = { event: 'command', device: 'r1', via: 'broker', what: 'execute' } as const
  for (let second = 1; second <= 30; second++) {
    status.record({ ...device, state: 'failed', cause: `death ${second}` })
    status.record({ event: 'checkpoint', worker: `w-${second}` })
    for (let n = 0; n < 1_000; n++) status.record({ ...command, ms: 1, from: 'cache', attempts: 1 })
  }
  status.record({ event: 'worker-started', worker: 'w-2', attempt: 1 })

  const seen = { 'Last-Event-ID': before.lastEventId ?? '' }
  using again = await EventSourceClient.open(`${server.url}events`, seen)
  await again.event(({ event }) => event === 'worker-started')
  const told = again.events.map(({ event }) => event)
  const ofKind = (kind: string) => told.filter(({ event }) => event === kind)
  expect(ofKind('unit').map(({ cause }) => cause)).toEqual(
    Array.from({ length: 30 }, (_, index) => `death ${index + 1}`),
  )
  expect(ofKind('checkpoint')).toHaveLength(30)
  const numbers = again.events.map(({ id }) => Number(id.split('-')[1]))
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  const missed = again.frames
    .filter(({ event }) => event === 'missed')
    .reduce((sum, { data }) => sum + (data as { count: number }).count, 0)
  expect(missed).toBeGreaterThan(0)
  expect(missed + ofKind('command').length).toBe(30_000)
})

it.each(['', 'nonsense', '-1', 'Infinity', '99999999999999999999-1'])(
  'takes the last event id "%s" for none of its own, and serves on',
  async (id) => {
    await using server = await startStatusServer({ port: 0 }, NOTHING)
    server.status.record({ event: 'worker-started', worker: 'w-1', attempt: 1 })
    using client = await EventSourceClient.open(`${server.url}events`, { 'Last-Event-ID': id })
    await client.frame(({ event }) => event === 'status')
    expect(client.frames.some(({ event }) => event === 'reset')).toBe(id !== '')
  },
)

it('lets nobody read the run without its token', async () => {
  await using server = await startStatusServer({ port: 0, token: 'right' }, NOTHING)
  const code = async (where: string, authorization?: string): Promise<number> => {
    const headers = authorization === undefined ? {} : { authorization }
    const response = await fetch(`${server.url}${where}`, { headers })
    await response.body?.cancel()
    return response.status
  }
  for (const where of ['', 'status', 'events', 'metrics']) {
    expect(await code(where)).toBe(401)
    expect(await code(where, 'Bearer wrong')).toBe(401)
    expect(await code(`${where}?token=wrong`)).toBe(401)
    expect(await code(where, 'Bearer right')).toBe(200)
    expect(await code(`${where}?token=right`)).toBe(200)
  }
  expect(await code('healthz')).toBe(200)
})

it('is refused to other machines without a token', async () => {
  await expect(startStatusServer({ port: 0, host: '0.0.0.0' }, NOTHING)).rejects.toThrow(
    /^status on 0\.0\.0\.0 can be read by other machines and needs a token; set NAC_BROKER_STATUS_TOKEN/,
  )
})

it('says that a port is in use', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await expect(startStatusServer({ port }, NOTHING)).rejects.toThrow(
    `the status server cannot listen on 127.0.0.1, port ${port}: the port is in use; choose another, or 0 for any that is free`,
  )
  other.close()
})
