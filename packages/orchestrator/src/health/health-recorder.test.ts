import type { CommandEvent, Outages } from '@nac-broker/protocol'
import { expect, test } from 'vitest'
import { type HealthEvent, HealthRecorder } from './health-recorder.ts'
import type { HealthReport } from './health-report.ts'

/** What happens, and when. */
type History = readonly (readonly [atMs: number, event: HealthEvent])[]

function recorded(history: History, untilMs = 10_000): HealthReport {
  return recorder(history).report(untilMs)
}

function recorder(history: History): HealthRecorder {
  const made = new HealthRecorder({ workers: ['w1', 'w2'], devices: ['r1', 'r2'] })
  for (const [atMs, event] of history) made.record(event, atMs)
  return made
}

function joined(client: number, outages?: Outages): HealthEvent {
  const who = { client, id: 'one', worker: 'w1', pid: 4 }
  return { event: 'client-joined', ...who, ...(outages && { outages }) }
}

function command(more: Partial<CommandEvent> = {}): CommandEvent {
  return {
    event: 'command',
    device: 'r1',
    worker: 'w1',
    via: 'broker',
    what: 'execute',
    command: 'show version',
    ms: 10,
    from: 'device',
    attempts: 1,
    ...more,
  }
}

const opened = (device = 'r1'): HealthEvent => ({ event: 'session-opened', device, openMs: 5 })
const closed = (by: 'device' | 'evicted' | 'timed-out'): HealthEvent => ({
  event: 'session-closed',
  device: 'r1',
  by,
})
const loginFailed = (code: string): HealthEvent => ({
  event: 'login-failed',
  device: 'r1',
  code,
  message: 'r1: no login',
  retryAfterMs: 1,
})
const brokerLost: HealthEvent = {
  event: 'broker-lost',
  generation: 1,
  message: 'the broker crashed',
}
const outages = (disconnects: number, downtimeMs: number, heartbeatsMissed = 0): Outages => ({
  disconnects,
  downtimeMs,
  heartbeatsMissed,
})
const left: HealthEvent = {
  event: 'client-left',
  client: 1,
  id: 'one',
  worker: 'w1',
  how: 'closed',
}
const direct = (told?: Outages): HealthEvent => ({
  event: 'client-direct',
  id: 'one',
  worker: 'w1',
  pid: 4,
  ...(told && { outages: told }),
})

const NOTHING = { disconnects: 0, reconnects: 0, downtimeMs: 0, heartbeatsMissed: 0 }

test.each<[string, History, object]>([
  [
    'that joins and leaves has lost nothing',
    [
      [0, joined(1)],
      [9, left],
    ],
    NOTHING,
  ],
  [
    'that left before the broker was lost has not lost it',
    [
      [0, joined(1)],
      [1, left],
      [2, brokerLost],
    ],
    NOTHING,
  ],
  [
    'is believed what it went through',
    [
      [0, joined(1)],
      [10, brokerLost],
      [50, joined(1, outages(1, 35.4, 3))],
    ],
    { disconnects: 1, reconnects: 1, downtimeMs: 35.4, heartbeatsMissed: 3 },
  ],
  [
    'that tells of all its past each time is not counted twice',
    [
      [0, joined(1)],
      [10, brokerLost],
      [50, joined(1, outages(1, 35, 3))],
      [60, brokerLost],
      [80, joined(1, outages(2, 50, 4))],
    ],
    { disconnects: 2, reconnects: 2, downtimeMs: 50, heartbeatsMissed: 4 },
  ],
  [
    'that took a living broker for lost has lost it all the same',
    [
      [0, joined(1)],
      [10, left],
      [30, joined(2, outages(1, 20, 3))],
    ],
    { disconnects: 1, reconnects: 1, downtimeMs: 20, heartbeatsMissed: 3 },
  ],
  [
    'that was not heard of again was down to the end',
    [
      [0, joined(1)],
      [400, brokerLost],
    ],
    { disconnects: 1, reconnects: 0, downtimeMs: 9_600 },
  ],
  [
    'that goes direct is not down any more, and has not reconnected',
    [
      [0, joined(1)],
      [10, brokerLost],
      [30, direct(outages(1, 15))],
    ],
    { disconnects: 1, reconnects: 0, downtimeMs: 15 },
  ],
])('a client %s', (_, history, expected) => {
  expect(recorded(history).workers[0]).toMatchObject({ name: 'w1', ...expected })
})

test('a worker that has ended is not down any longer, and may still be found to have gone direct', () => {
  const made = recorder([
    [0, joined(1)],
    [100, brokerLost],
  ])
  made.workerEnded('w1', 160)
  expect(made.report(10_000).workers[0]).toMatchObject({ disconnects: 1, downtimeMs: 60 })
  made.record(direct(outages(1, 12)), 150)
  expect(made.report(10_000).workers[0]).toMatchObject({ disconnects: 1, downtimeMs: 12 })
})

test('counts commands by where their answers come from; for a device those of clients without a name too', () => {
  const { workers, devices } = recorded([
    [1, command()],
    [2, command({ from: 'cache', ms: 1, attempts: 2 })],
    [3, command({ from: 'shared', attempts: 3 })],
    [4, command({ via: 'direct', ms: 40 })],
    [5, command({ what: 'connect', ms: 500 })],
    [6, command({ worker: 'w2', device: 'r2' })],
    [7, command({ worker: undefined, attempts: 4 })],
    [7, command({ via: 'direct', from: 'record', attempts: 0, worker: undefined })],
    [7, command({ worker: 'nobody-we-know', device: 'nor-this', code: 'UNKNOWN_DEVICE' })],
  ])
  expect(workers).toMatchObject([
    {
      name: 'w1',
      commands: 4,
      fromCache: 1,
      direct: 1,
      retries: 3,
      errors: 0,
      latencyMs: { min: 1, max: 40, count: 4 },
    },
    { name: 'w2', commands: 1 },
  ])
  expect(devices).toMatchObject([
    { name: 'r1', commands: 6, retries: 6, errors: 0, latencyMs: { min: 10, max: 40, count: 3 } },
    { name: 'r2', commands: 1, retries: 0 },
  ])
})

test('an error counts for worker and device, and not as a latency; a cancelled call is none', () => {
  const { workers, devices, errors, slowest } = recorded([
    [1_000, command({ code: 'COMMAND_TIMEOUT', message: 'r1: no prompt within 60000 ms' })],
    [2_000, command({ code: 'CANCELLED' })],
    [3_000, command({ what: 'configure', command: undefined, lines: 3, code: 'COMMAND_REJECTED' })],
  ])
  expect(workers[0]).toMatchObject({ commands: 3, errors: 2 })
  expect(workers[0]).not.toHaveProperty('latencyMs')
  expect(devices[0]).toMatchObject({ commands: 3, errors: 2 })
  expect(slowest).toEqual([])
  const who = { worker: 'w1', device: 'r1' }
  expect(errors).toEqual([
    {
      at: '1970-01-01T00:00:01.000Z',
      ...who,
      code: 'COMMAND_TIMEOUT',
      command: 'show version',
      message: 'r1: no prompt within 60000 ms',
    },
    {
      at: '1970-01-01T00:00:03.000Z',
      ...who,
      code: 'COMMAND_REJECTED',
      command: '3 configuration lines',
      message: 'its cause was not told',
    },
  ])
})

test.each<[string, History, object]>([
  [
    'that closes a session is down until the next login',
    [
      [0, opened()],
      [100, closed('device')],
      [350, opened()],
    ],
    { disconnects: 1, reconnects: 1, downtimeMs: 250 },
  ],
  [
    'whose session we close is not down',
    [
      [0, opened()],
      [100, closed('evicted')],
      [350, opened()],
      [360, closed('timed-out')],
    ],
    { disconnects: 0, reconnects: 0, downtimeMs: 0 },
  ],
  [
    'with another session is not down',
    [
      [0, opened()],
      [1, opened()],
      [100, closed('device')],
      [350, opened()],
    ],
    { disconnects: 1, reconnects: 1, downtimeMs: 0 },
  ],
  [
    'that cannot be reached is down from the first to the last attempt',
    [
      [100, loginFailed('DEVICE_UNREACHABLE')],
      [400, loginFailed('DEVICE_UNREACHABLE')],
    ],
    { disconnects: 0, reconnects: 0, downtimeMs: 300, loginFailures: 2 },
  ],
  [
    'that refuses a password is up',
    [
      [100, loginFailed('AUTHENTICATION_FAILED')],
      [400, opened()],
    ],
    { downtimeMs: 0, loginFailures: 1 },
  ],
  [
    'has no part in it when the broker is lost',
    [
      [0, opened()],
      [100, brokerLost],
      [400, opened()],
    ],
    { disconnects: 0, reconnects: 0, downtimeMs: 0 },
  ],
])('a device %s', (_, history, expected) => {
  expect(recorded(history).devices[0]).toMatchObject({ name: 'r1', ...expected })
})

test("lists a device's sessions, how each ended, and the newest thousand of them", () => {
  const at = (ms: number): string => new Date(ms).toISOString()
  const few = recorded([
    [1, opened()],
    [2, closed('device')],
    [3, opened()],
    [4, brokerLost],
    [5, opened()],
  ])
  expect(few.devices[0]?.sessions).toEqual([
    { openedAt: at(1), closedAt: at(2), by: 'device' },
    { openedAt: at(3), closedAt: at(4), by: 'broker-lost' },
    { openedAt: at(5) },
  ])
  const many = Array.from({ length: 1_001 }, (_, ms) => [ms, opened()] as const)
  expect(recorded(many).devices[0]?.sessions).toHaveLength(1_000)
  expect(recorded(many).devices[0]?.sessions[0]).toEqual({ openedAt: at(1) })
})

test('keeps the twenty slowest, the slowest first, and the first two hundred errors with their number', () => {
  const history = Array.from({ length: 300 }, (_, index) => {
    const ms = (index * 7) % 300
    return [index, command({ ms, command: `show ${ms}` })] as const
  })
  const { slowest, latencyHistogram } = recorded(history)
  expect(slowest.map(({ ms }) => ms)).toEqual(Array.from({ length: 20 }, (_, index) => 299 - index))
  expect(slowest[0]).toMatchObject({ device: 'r1', worker: 'w1', command: 'show 299' })
  expect(latencyHistogram.reduce((sum, { count }) => sum + count, 0)).toBe(300)
  expect(latencyHistogram.slice(-2)).toEqual([
    { upToMs: 200, count: 100 },
    { upToMs: 500, count: 99 },
  ])
  const failed = history.map(([at, event]) => [at, { ...event, code: 'INTERNAL' }] as const)
  expect(recorded(failed).errors).toHaveLength(200)
  expect(recorded(failed).errorCount).toBe(300)
})

test('says what each worker does: its last command, how many, how many checkpoints, and when it was last heard of', () => {
  const made = recorder([[5, joined(1)]])
  expect(made.activity('w1')).toEqual({ commands: 0, checkpoints: 0, lastTrafficMs: 5 })
  expect(made.lastTraffic('w2')).toBeUndefined()
  const asked = { commands: 1, checkpoints: 0, last: command() }
  made.record(command(), 20)
  expect(made.activity('w1')).toEqual({ ...asked, lastTrafficMs: 20 })
  made.record({ event: 'waiting', workers: ['w1', 'unknown'] }, 30)
  expect(made.activity('w1')).toEqual({ ...asked, lastTrafficMs: 30 })
  expect(made.lastTraffic('w1')).toBe(30)
  made.record({ event: 'checkpoint', worker: 'w1' }, 40)
  made.record({ event: 'checkpoint', worker: 'unknown' }, 50)
  expect(made.activity('w1')).toEqual({ ...asked, checkpoints: 1, lastTrafficMs: 40 })
  expect(made.activity('unknown')).toEqual({ commands: 0, checkpoints: 0 })
})
