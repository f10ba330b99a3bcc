import type { SupervisedBrokerEvent } from '@nac-broker/broker'
import { type BrokerEvent, connect } from '@nac-broker/client'
import { type Clock, systemClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { MACHINE, type Surroundings } from '../../broker/src/surroundings.ts'
import { startBroker } from '../../broker/src/broker.ts'
import { startLab } from './lab.fixture.ts'
import { NacTestClient } from './nac-test-client.fixture.ts'
import { startSupervisedLab } from './supervised-lab.fixture.ts'

type Kind = BrokerEvent['event']

/** Reads on until the event of that kind which `isIt` picks. */
async function next<Name extends Kind>(
  events: AsyncIterator<{ event: string }>,
  kind: Name,
  isIt: (event: Extract<BrokerEvent, { event: Name }>) => boolean = () => true,
): Promise<Extract<BrokerEvent, { event: Name }>> {
  for (;;) {
    const { value } = (await events.next()) as { value: Extract<BrokerEvent, { event: Name }> }
    if (value.event === kind && isIt(value)) return value
  }
}

it('a subscriber is told who joins, what each asks for and how it fares, and who leaves', async () => {
  await using lab = await startLab({ devices: 1 })
  const events = (await lab.client()).events()
  await events.next()
  const client = await lab.client({ env: { NAC_BROKER_WORKER: 'bgp-1' } })
  const joined = await next(events, 'client-joined')
  const { client: number, id } = joined
  expect(joined).toEqual({
    event: 'client-joined',
    client: number,
    id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    worker: 'bgp-1',
    pid: process.pid,
  })

  await client.execute('sim-1', 'show nonce told')
  const who = { client: number, worker: 'bgp-1', device: 'sim-1', via: 'broker' }
  const told = { ...who, what: 'execute', command: 'show nonce told', attempts: 1 }
  expect(await next(events, 'command')).toMatchObject({ ...told, from: 'device' })
  await client.execute('sim-1', 'show nonce told')
  expect(await next(events, 'command')).toMatchObject({ ...told, from: 'cache' })
  await client.configure('sim-1', ['enable secret hunter2', 'hostname elsewhere'])
  const configured = await next(events, 'command')
  expect(configured).toMatchObject({ ...who, what: 'configure', lines: 2 })
  expect(JSON.stringify(configured)).not.toContain('hunter2')
  await client.execute('nowhere', 'show nonce told').catch(() => {})
  expect(await next(events, 'command')).toMatchObject({ device: 'nowhere', code: 'UNKNOWN_DEVICE' })

  await client.close()
  expect(await next(events, 'client-left')).toMatchObject({ id, worker: 'bgp-1', how: 'closed' })
})

it("nac-test's clients have a number and no name, and are told of all the same", async () => {
  await using lab = await startLab({ devices: 1 })
  const events = (await lab.client()).events()
  await events.next()
  const client = await NacTestClient.connect(lab.broker.socketPath)
  await client.ask({ command: 'execute', hostname: 'sim-1', cmd: 'show nonce j' })
  const joined = await next(events, 'client-joined')
  expect(joined).toEqual({ event: 'client-joined', client: joined.client })
  const command = await next(events, 'command')
  expect(command).toMatchObject({ client: joined.client, command: 'show nonce j', from: 'device' })
  expect(command).not.toHaveProperty('worker')
  client[Symbol.dispose]()
  expect(await next(events, 'client-left')).toMatchObject({ client: joined.client, how: 'closed' })
})

it('one command of a device answers for those who ask for it together, and each is told', async () => {
  await using lab = await startLab({ devices: 1, latencyMs: 60 })
  const client = await lab.client()
  const events = client.events()
  await events.next()
  await client.connect('sim-1')
  await Promise.all([1, 2, 3].map(() => client.execute('sim-1', 'show nonce same')))
  const from: string[] = []
  while (from.length < 3) {
    from.push((await next(events, 'command', ({ what }) => what === 'execute')).from)
  }
  expect(from.toSorted()).toEqual(['device', 'shared', 'shared'])
})

it('a checkpoint is told with whose it is, and without what it says', async () => {
  await using lab = await startSupervisedLab({ host: 'thread' })
  await using watching = await connect({ socketPath: lab.broker.socketPath })
  const events = watching.events()
  await events.next()
  const env = { NAC_BROKER_WORKER: 'bgp-1' }
  await using worker = await connect({ socketPath: lab.broker.socketPath, env })
  await worker.checkpoint({ secret: 'hunter2' })
  expect(await next(events, 'checkpoint')).toEqual({ event: 'checkpoint', worker: 'bgp-1' })
})

it('a subscriber that has lost its broker misses nothing of the next one without a word', async () => {
  await using lab = await startSupervisedLab({ host: 'thread', commandEvents: true })
  const { socketPath } = lab.broker
  // Others have been with the next broker for a while before this client gets there.
  const mayComeBack = Promise.withResolvers<void>()
  const sleep: Clock['sleep'] = async (ms, signal) => {
    await mayComeBack.promise
    await systemClock.sleep(ms, signal)
  }
  await using client = await connect({ socketPath, clock: { ...systemClock, sleep } })
  const events = client.events()
  await events.next()
  const lost = lab.next('broker-lost')
  const listening = lab.next('listening')
  lab.kill()
  await lost
  const from = lab.events.length
  await listening
  await using other = await connect({ socketPath })
  for (const word of ['a', 'b', 'c']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await other.execute('sim-1', `show nonce ${word}`)
  }
  mayComeBack.resolve()
  const missed = await next(events, 'missed')
  const isEnd = (event: object): boolean => 'command' in event && event.command === 'show nonce end'
  const allHappened = new Promise<void>((resolve) =>
    lab.onEvent((event) => isEnd(event) && resolve()),
  )
  await other.execute('sim-1', 'show nonce end')
  await allHappened

  let heard = 1
  while (!isEnd((await events.next()).value as object)) heard++
  const happened = lab.events.slice(from).filter(isOfBroker)
  expect(missed.count).toBeGreaterThan(3)
  expect(missed.count + heard).toBe(happened.findIndex(isEnd) + 1)
})

/** Its supervisor tells the others, and that it starts, while there is none that could be told. */
function isOfBroker(event: SupervisedBrokerEvent): boolean {
  if (event.event === 'unit') return event.kind !== 'broker' || event.state === 'ready'
  return !['broker-lost', 'restarting', 'listening'].includes(event.event)
}

it.each(['thread', 'process'] as const)(
  'what the run tells a broker in a %s reaches its subscribers, and its supervisor once',
  async (host) => {
    await using lab = await startSupervisedLab({ host })
    await using client = await connect({ socketPath: lab.broker.socketPath })
    const events = client.events()
    await events.next()
    const told = { event: 'unit', unit: 'watch lab', kind: 'watch', state: 'ready' } as const
    lab.broker.tell(told)
    expect(await next(events, 'unit')).toEqual(told)
    const opened = lab.next('session-opened')
    await client.connect('sim-1')
    await opened
    const watched = lab.events.filter((event) => event.event === 'unit' && event.kind === 'watch')
    expect(watched).toEqual([told])
  },
)

it('tells who subscribes at once also of a client that came before the broker was quite there', async () => {
  await using lab = await startLab({ devices: 1 })
  const come = Promise.withResolvers<ReturnType<typeof connect>>()
  const surroundings: Surroundings = {
    ...MACHINE,
    async listen(socketPath, clock, onConnection) {
      const listener = await MACHINE.listen(socketPath, clock, onConnection)
      come.resolve(connect({ socketPath }))
      // By then what it says would have been answered, if anybody read it.
      for (let turn = 0; turn < 200; turn++)
        await new Promise((resolve) => void setImmediate(resolve))
      return listener
    },
  }
  await using broker = await startBroker({ testbed: lab.testbedPath }, undefined, surroundings)
  const happening = broker.events()[Symbol.asyncIterator]()
  await using client = await come.promise
  expect(client.state).toBe('ready')
  expect((await happening.next()).value).toMatchObject({ event: 'client-joined' })
})
