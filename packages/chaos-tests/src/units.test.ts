import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  type Host,
  startBroker,
  superviseBroker,
  type SupervisedBrokerEvent,
} from '@nac-broker/broker'
import { openRunStore } from '@nac-broker/run-store'
import { connect } from '@nac-broker/client'
import { eventSchema } from '@nac-broker/protocol'
import { describe, expect, it } from 'vitest'
import { processHost } from '../../broker/src/hosts/process.ts'
import { threadHost } from '../../broker/src/hosts/thread.ts'
import { startLab } from './lab.fixture.ts'
import { startSupervisedLab } from './supervised-lab.fixture.ts'
import { UnitWatch } from './units.fixture.ts'

describe('a device', () => {
  it.each([
    ['its connection is cut', 'drop'],
    ['its connection is reset', 'reset'],
    ['it goes down', 'stop'],
    ['it ends the session by itself', 'exit'],
  ] as const)('has failed, told once with its cause, when %s', async (_, how) => {
    await using lab = await startLab()
    const client = await lab.client()
    const device = await UnitWatch.subscribe(client, 'device sim-1')
    await client.execute('sim-1', 'show version')
    const failed = device.until('failed')
    const [sim] = lab.simulator.devices
    if (how === 'drop') sim?.dropSessions()
    if (how === 'reset') sim?.dropSessions('reset')
    if (how === 'stop') await sim?.stop()
    if (how === 'exit') await client.execute('sim-1', 'exit').catch(() => {})
    const { cause } = await failed
    expect(cause).toMatch(how === 'reset' ? /^sim-1: .*reset/i : /^sim-1: /)
    await sim?.start()
    const again = device.until('ready')
    await client.connect('sim-1').catch(() => {})
    await again
    expect(device.states.filter((state) => state === 'failed')).toHaveLength(1)
    expect(device.states.slice(0, 3)).toEqual(['starting', 'ready', 'busy'])
    expect(device.states.slice(-3)).toEqual(['failed', 'starting', 'ready'])
  })

  it('that cannot be logged in to has failed as well', async () => {
    await using lab = await startLab()
    await lab.simulator.devices[0]?.stop()
    const client = await lab.client()
    const device = await UnitWatch.subscribe(client, 'device sim-1')
    const failed = device.until('failed')
    const refused = client.connect('sim-1')
    await expect(refused).rejects.toMatchObject({ code: 'DEVICE_UNREACHABLE' })
    const { cause } = await failed
    expect(cause).toContain('cannot be reached')
    expect(device.states).toEqual(['starting', 'failed'])
  })

  it('that dies in the middle of its login has failed, told once', async () => {
    await using lab = await startLab()
    const [sim] = lab.simulator.devices
    if (sim) sim.loginLatencyMs = 60_000
    const client = await lab.client()
    const device = await UnitWatch.subscribe(client, 'device sim-1')
    const starting = device.until('starting')
    const refused = client.connect('sim-1').catch((error: unknown) => error)
    await starting
    const failed = device.until('failed')
    await sim?.stop()
    expect((await failed).cause).toContain('sim-1')
    expect(await refused).toMatchObject({ code: 'DEVICE_UNREACHABLE' })
    expect(device.states).toEqual(['starting', 'failed'])
  })

  it('that a command stands for has failed when that command is killed', async () => {
    await using lab = await startLab()
    const pidFile = path.join(lab.directory, 'pid')
    const program = path.join(import.meta.dirname, 'command-device.fixture.sh')
    const testbed = path.join(lab.directory, 'command.yaml')
    const command = `echo $$ > ${pidFile}; exec sh ${program} r1`
    await writeFile(
      testbed,
      `devices:\n  r1:\n    os: iosxe\n    connections: {cli: {command: "${command}"}}\n`,
    )
    await using broker = await startBroker({ testbed })
    await using client = await connect({ socketPath: broker.socketPath })
    const device = await UnitWatch.subscribe(client, 'device r1')
    await client.connect('r1')
    const failed = device.until('failed')
    process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGKILL')
    expect((await failed).cause).toMatch(/^r1: .*SIGKILL/)
    expect(device.states).toEqual(['starting', 'ready', 'busy', 'failed'])
  })

  it('whose session was asked to end has stopped, and starts again without having failed', async () => {
    await using lab = await startLab()
    const client = await lab.client()
    const device = await UnitWatch.subscribe(client, 'device sim-1')
    await client.connect('sim-1')
    await client.disconnect('sim-1')
    await device.until('stopped')
    await client.connect('sim-1')
    await device.until('ready')
    expect(device.states).toEqual([
      'starting',
      'ready',
      'busy',
      'stopping',
      'stopped',
      'starting',
      'ready',
    ])
  })

  it('has not failed when one of its two sessions goes on', async () => {
    await using lab = await startLab({}, { maxSessionsPerDevice: 2 })
    const client = await lab.client()
    const device = await UnitWatch.subscribe(client, 'device sim-1')
    await Promise.all([client.execute('sim-1', 'show nonce a'), client.execute('sim-1', 'show b')])
    await client.execute('sim-1', 'exit', { cache: false }).catch(() => {})
    await client.execute('sim-1', 'show c')
    await client.disconnect('sim-1')
    await device.until('stopped')
    expect(device.states).not.toContain('failed')
  })

  it('that is closed with its broker has stopped', async () => {
    const lab = await startLab()
    const events = lab.broker.events()
    const device = new UnitWatch(events, 'device sim-1')
    const client = await lab.client()
    await client.execute('sim-1', 'show version')
    await lab[Symbol.asyncDispose]()
    await device.until('stopped')
    expect(device.states).toEqual(['starting', 'ready', 'busy', 'stopping', 'stopped'])
  })
})

describe.each(['thread', 'process'] as const)('a broker in a %s', (host) => {
  it.each(['killed', 'stalled'] as const)(
    'that is %s has failed, told once with its cause, and starts again',
    async (how) => {
      const soon = how === 'stalled' ? { heartbeatTimeoutMs: 500 } : {}
      await using lab = await startSupervisedLab({ host, ...soon })
      const broker = new UnitWatch(lab.broker.events(), 'broker')
      const failed = broker.until('failed')
      if (how === 'killed') lab.kill()
      else lab.inflict('endless loop')
      const { cause } = await failed
      expect(cause).toContain(how === 'killed' ? 'the broker crashed' : 'the broker stalled')
      await broker.until('ready')
      expect(broker.states).toEqual(['failed', 'starting', 'ready'])
    },
  )

  it('that is killed again while it starts has failed each time, told once each', async () => {
    await using lab = await startSupervisedLab({ host })
    const broker = new UnitWatch(lab.broker.events(), 'broker')
    const launched = lab.launched()
    lab.kill()
    await launched
    lab.kill()
    await broker.until('ready')
    expect(broker.states).toEqual(['failed', 'starting', 'failed', 'starting', 'ready'])
    const causes = broker.seen.flatMap(({ cause }) => cause ?? [])
    for (const cause of causes) expect(cause).toContain('the broker')
  })

  it('that is the first one and dies while it starts has failed, with its cause', async () => {
    const kind = host === 'thread' ? threadHost : processHost
    const dying: Host = (onMessage) => {
      const hosted = kind(onMessage)
      const post: typeof hosted.post = ({ type }) => void (type === 'start' && hosted.kill())
      return { ...hosted, post }
    }
    const heard: SupervisedBrokerEvent[] = []
    const onEvent = (event: SupervisedBrokerEvent): void => void heard.push(event)
    const started = superviseBroker({ host: dying, onEvent })
    await expect(started).rejects.toThrow('the broker crashed')
    expect(heard).toEqual([
      { event: 'unit', unit: 'broker', kind: 'broker', state: 'starting' },
      {
        event: 'unit',
        unit: 'broker',
        kind: 'broker',
        state: 'failed',
        cause: expect.stringContaining('the broker crashed') as string,
      },
    ])
  })

  it('that is closed has stopped, and what happened until then is in the store, but for commands', async () => {
    const lab = await startSupervisedLab({ host, commandEvents: true })
    await using store = await openRunStore(lab.broker.storePath ?? '')
    const broker = new UnitWatch(lab.broker.events(), 'broker')
    const left = lab.next('client-left')
    {
      await using client = await connect({ socketPath: lab.broker.socketPath })
      await client.execute('sim-1', 'show version')
      await client.checkpoint({ done: ['t1'] })
    }
    await left
    await lab[Symbol.asyncDispose]()
    await broker.until('stopped')
    expect(broker.states).toEqual(['stopping', 'stopped'])
    const { events } = await store.events.since(0)
    const told = events.map(({ event }) => {
      const known = eventSchema.parse(event)
      return known.event === 'unit' ? `${known.unit}: ${known.state}` : known.event
    })
    expect(told).toEqual([
      'broker: starting',
      'listening',
      'broker: ready',
      'client-joined',
      'device sim-1: starting',
      'session-opened',
      'device sim-1: ready',
      'checkpoint',
      'client-left',
      'broker: stopping',
      'draining',
      'device sim-1: stopping',
      'session-closed',
      'device sim-1: stopped',
      'broker: stopped',
    ])
  })
})
