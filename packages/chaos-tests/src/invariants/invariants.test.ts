import { createHash } from 'node:crypto'
import type { DeviceLogEntry } from '@nac-broker/devices'
import { expect, it } from 'vitest'
import type { BrokerTurn, CallRecord, Evidence } from '../schedules/evidence.ts'
import { judge } from '../schedules/judge.ts'
import type { Policy } from '../schedules/schedule.ts'
import { canaryOf } from '../schedules/draw-schedule.ts'
import { NOT_TEXT } from '../../../devices/src/simulator/quirk.ts'
import { INVARIANTS } from './all-invariants.ts'

const SEED = 7
const READ = 'show nonce a.'
const CHANGE = 'write nonce b.'
const CONFIGURED = 'do write nonce c.'

function entry(event: object): DeviceLogEntry {
  return { at: '2026-01-01T00:00:00Z', device: 'sim-1', session: 1, ...event } as DeviceLogEntry
}

function executed(line: string, output: string | Buffer): DeviceLogEntry[] {
  const sha256 = createHash('sha256').update(output).digest('hex')
  const sent = { event: 'output', line, bytes: output.length, sha256 }
  return [entry({ event: 'command', line }), entry(sent)]
}

function answered(line: string, output: string, made: Partial<CallRecord> = {}): CallRecord {
  const outcome = { kind: 'acknowledged', output, cached: false } as const
  const times = {
    askedAt: 0,
    settledAt: 3,
    startedMs: 0,
    tookMs: 1,
    lagMs: 0,
    waitedMs: 0,
    late: false,
  }
  return { caller: '1.1', device: 'sim-1', line, timeoutMs: 1_000, ...times, outcome, ...made }
}

function listening(generation: number): BrokerTurn {
  const event = { event: 'listening', generation, pid: 1, socket: '/s' } as const
  return { atMs: generation * 100, event }
}

function lost(atMs: number): BrokerTurn {
  const message = 'the broker stalled: silent for 1500 ms'
  return { atMs, event: { event: 'broker-lost', generation: 1, message } }
}

function restarting(at: number, delayMs: number): BrokerTurn {
  const event = { event: 'restarting', generation: at + 1, delayMs } as const
  return { atMs: at, event }
}

const aborted: BrokerTurn = {
  atMs: 5,
  event: { event: 'aborted', generation: 1, message: 'gone' },
}

const GOOD: Evidence = {
  level: 'simulated',
  schedule: {
    seed: SEED,
    host: 'thread',
    policy: 'restart,abort',
    devices: 1,
    maxSessionsPerDevice: 1,
    maxConnections: 2,
    latencyMs: 0,
    clients: [],
    faults: [],
  },
  deviceLog: [
    entry({ event: 'login' }),
    ...executed(READ, 'a. 1'),
    ...executed(CHANGE, 'b. 2'),
    entry({ event: 'logout', reason: 'exit' }),
  ],
  calls: [answered(READ, 'a. 1'), answered(CHANGE, 'b. 2', { settledAt: 5 })],
  lastCalls: [answered('show nonce last.', 'last. 3')],
  unconnected: [],
  turns: [lost(1), restarting(1, 50), listening(2)],
  injected: [],
  began: { atMs: 0, at: new Date(0) },
  closedAtMs: 10_000,
  mostHeld: undefined,
  left: [],
  overlaps: [],
  grownBytes: 0,
  peakBytes: 0,
  kept: [{ what: 'bytes in its cache', most: 5, cap: 5 }],
  texts: { 'the log': 'nothing to see' },
}

/** The pauses grow, each from its own share. */
function lossAndRestart(_: unknown, at: number): BrokerTurn[] {
  return [lost(at), restarting(at, 30 * 2 ** at)]
}

const later = { askedAt: 6, settledAt: 7, startedMs: 2 }
const refused = { kind: 'failed', code: 'CANCELLED', sent: 'no', message: '' } as const
const unforeseen = { kind: 'failed', code: 'INTERNAL', sent: 'no', message: '' } as const
const unknown = { ...refused, code: 'OUTCOME_UNKNOWN' } as const
const keyed = (call: CallRecord): CallRecord => ({ ...call, key: 'b' })
const unreachable = { ...refused, code: 'DEVICE_UNREACHABLE' } as const
const tooLate = { ...refused, code: 'DEADLINE_EXCEEDED' } as const
const noBroker = { ...refused, code: 'BROKER_LOST' } as const
const PLANNED = { device: 'sim-1', line: READ, timeoutMs: 1_000 }
const stuck = { ...refused, code: 'SESSION_LIMIT' } as const
const again = entry({ event: 'login' })

const unforeseenLoss: BrokerTurn = {
  atMs: 1,
  event: {
    event: 'broker-lost',
    generation: 1,
    message: 'the broker crashed: generation 1 is live',
  },
}

/** What makes a good run a bad one, by the invariant that has to say so. */
const BAD: [string, Partial<Evidence>][] = [
  ['settles-in-time', { calls: [answered(READ, 'a. 1', { outcome: { kind: 'pending' } })] }],
  ['settles-in-time', { calls: [answered(READ, 'a. 1', { late: true })] }],
  ['settles-in-time', { calls: [answered(READ, 'a. 1', { tookMs: 4_000 })] }],
  [
    'settles-in-time',
    { calls: [answered(READ, 'a. 1', { tookMs: 2_000, timeoutMs: 5_000 })], turns: [aborted] },
  ],
  ['at-most-once', { deviceLog: [...GOOD.deviceLog, ...executed(CHANGE, 'b. 3')] }],
  ['at-most-once', { deviceLog: [...executed(CONFIGURED, ''), ...executed(CONFIGURED, '')] }],
  ['answers-are-true', { calls: [answered(READ, 'a. 2')] }],
  [
    'answers-are-true',
    {
      calls: [answered(CONFIGURED, '', { outcome: refused })],
      deviceLog: executed(CONFIGURED, ''),
    },
  ],
  ['answers-are-true', { calls: [answered(CHANGE, '', { outcome: refused })] }],
  ['answers-are-true', { calls: [answered(READ, '', { outcome: unforeseen })] }],
  ['answers-are-true', { calls: [answered(READ, '\uFFFD\r\na. 1')] }],
  ['nobody-elses-answer', { calls: [answered(READ, 'a. 1', { device: 'sim-2' })] }],
  ['nobody-elses-answer', { calls: [answered(READ, 'b. 2')] }],
  ['nobody-elses-answer', { calls: [answered(CONFIGURED, 'b. 2')] }],
  [
    'outcomes-are-kept',
    { calls: [keyed(answered(CHANGE, 'b. 2')), keyed(answered(CHANGE, 'b. 3', later))] },
  ],
  [
    'outcomes-are-kept',
    {
      calls: [
        keyed(answered(CHANGE, 'b. 2')),
        keyed(answered(CHANGE, '', { ...later, outcome: unknown })),
      ],
    },
  ],
  [
    'outcomes-are-kept',
    {
      calls: [
        keyed(answered(CHANGE, 'b. 2')),
        keyed(answered(CHANGE, '', { ...later, outcome: unknown })),
      ],
      injected: [{ name: 'disk-full', args: null, fromMs: 1_000, toMs: 2_000 }],
    },
  ],
  ['cache-is-fresh', { calls: [...GOOD.calls, answered(READ, 'a. 1', later)] }],
  [
    'cache-is-fresh',
    {
      deviceLog: [...executed(READ, 'a. 1'), ...executed(CONFIGURED, 'c. 2')],
      calls: [answered(CONFIGURED, 'c. 2'), answered(READ, 'a. 1', later)],
    },
  ],
  ['session-limit', { deviceLog: [again, ...GOOD.deviceLog] }],
  [
    'session-limit',
    { deviceLog: ['sim-1', 'sim-2', 'sim-3'].map((device) => ({ ...again, device })) },
  ],
  ['session-limit', { mostHeld: { all: 2, byDevice: new Map([['sim-1', 2]]) } }],
  ['session-limit', { mostHeld: { all: 3, byDevice: new Map() } }],
  [
    'session-limit',
    {
      deviceLog: [again, ...GOOD.deviceLog],
      schedule: { ...GOOD.schedule, faults: [{ name: 'device-wire-reset', after: 0, args: null }] },
      injected: [{ name: 'device-wire-reset', args: null, fromMs: 0, toMs: 1 }],
    },
  ],
  ['recovers', { lastCalls: [answered(READ, '', { outcome: stuck })] }],
  ['recovers', { lastCalls: [answered(READ, '', { outcome: unreachable })] }],
  ['recovers', { lastCalls: [answered(READ, '', { outcome: noBroker })] }],
  ['recovers', { lastCalls: [], schedule: { ...GOOD.schedule, policy: 'restart,fallback' } }],
  ['failures-have-reasons', { calls: [answered(READ, '', { outcome: unreachable })] }],
  ['failures-have-reasons', { calls: [answered(READ, '', { outcome: tooLate })] }],
  ['failures-have-reasons', { calls: [answered(READ, '', { outcome: noBroker })] }],
  ['failures-have-reasons', { unconnected: [{ client: '1', atMs: 1, message: 'no way' }] }],
  ['failures-have-reasons', { schedule: { ...GOOD.schedule, clients: [[[PLANNED]]] }, calls: [] }],
  ['nothing-left', { left: ['process 1 is left'] }],
  ['bounded-memory', { grownBytes: 1e9 }],
  ['bounded-memory', { peakBytes: 1e9 }],
  ['bounded-memory', { kept: [{ what: 'bytes in its cache', most: 6, cap: 5 }] }],
  ['one-generation', { turns: [listening(1), listening(2)] }],
  ['one-generation', { overlaps: ['the broker in thread 1 still ran when none was to follow'] }],
  ['restarts-as-promised', { turns: [restarting(1, 140)] }],
  ['restarts-as-promised', { turns: [restarting(1, 30), restarting(2, 30)] }],
  ['restarts-as-promised', { turns: [1, 2, 3, 4, 5, 6].map((at) => restarting(at, 15 * 2 ** at)) }],
  ['restarts-as-promised', { turns: [lost(1), lost(2), restarting(2, 50)] }],
  ['restarts-as-promised', { turns: [lost(1), aborted] }],
  [
    'restarts-as-promised',
    { turns: [...Array.from({ length: 4 }).flatMap(lossAndRestart), lost(5), aborted] },
  ],
  ['restarts-as-promised', { turns: [restarting(1, 50), listening(2)] }],
  ['restarts-as-promised', { turns: [lost(1), restarting(1, 50), { ...listening(2), atMs: 40 }] }],
  ['restarts-as-promised', { turns: [unforeseenLoss, ...GOOD.turns] }],
  ['no-secret', { texts: { 'the log': `with ${canaryOf(SEED)}` } }],
]

it('a good run violates nothing', () => {
  expect(judge(GOOD)).toEqual([])
})

it('a broker is given up when it was restarted five times', () => {
  const turns = [...Array.from({ length: 5 }).flatMap(lossAndRestart), lost(5), aborted]
  expect(judge({ ...GOOD, turns, calls: [], deviceLog: [] })).toEqual([])
})

it('a call fails, and a client does not connect, where something that befell the run may be why', () => {
  const judged = (name: string, difference: Partial<Evidence>): string[] => {
    const fault = { name, args: null, fromMs: 0, toMs: 1 }
    return judge({ ...GOOD, ...difference, injected: [fault] }).map((one) => one.what)
  }
  const failed = { calls: [answered(READ, '', { outcome: unreachable })] }
  expect(judged('device-drops-sessions', failed)).toEqual([])
  expect(judged('wall-clock-jumps', failed)).not.toEqual([])
  const unconnected = [{ client: '1', atMs: 1, message: 'no way' }]
  const schedule = { ...GOOD.schedule, policy: 'abort' } as const
  const shut = { unconnected, schedule, turns: [lost(1), aborted] }
  expect(judged('broker-killed', shut)).toEqual([])
  expect(judged('device-silent', { ...shut, turns: [] })).not.toEqual([])
})

it('a client finds no socket where it is away, until the next broker has brought it back', () => {
  const unexplained = (turns: BrokerTurn[]): number => {
    const removed = { name: 'socket-deleted', args: null, fromMs: 0, toMs: 1 }
    const unconnected = [{ client: '1', atMs: 9_000, message: 'no such socket' }]
    const violations = judge({ ...GOOD, unconnected, injected: [removed], turns })
    return violations.filter(({ invariant }) => invariant === 'failures-have-reasons').length
  }
  const back = { ...listening(2), atMs: 5_000 }
  expect(unexplained([])).toBe(0)
  expect(unexplained([lost(100), restarting(100, 50), back])).toBe(1)
})

it('how long a broker takes to start is judged where the machine is simulated', () => {
  const judged = (level: Evidence['level']): number => {
    const killed = { name: 'broker-killed', args: null, fromMs: 0, toMs: 1 }
    const unconnected = [{ client: '1', atMs: 1, message: 'no broker listens there any more' }]
    return judge({ ...GOOD, level, unconnected, injected: [killed] }).length
  }
  expect([judged('simulated'), judged('real')]).toEqual([1, 0])
})

it('bytes that are no text are compared as the device has sent them', () => {
  const bytes = Buffer.from(NOT_TEXT, 'latin1')
  const sent = Buffer.concat([bytes, Buffer.from('\r\na. 1')])
  const calls = [answered(READ, sent.toString())]
  const deviceLog = executed(READ, sent)
  expect(judge({ ...GOOD, calls, deviceLog })).toEqual([])
  expect(judge({ ...GOOD, calls, deviceLog: executed(READ, 'a. 1') })).not.toEqual([])
})

it('a heap that a fault has filled is no violation, and another fault is no excuse', () => {
  const judged = (what: string): unknown[] => {
    const fault = { name: 'broker-suffers', args: { what }, fromMs: 0, toMs: 1 }
    return judge({ ...GOOD, peakBytes: 1e9, injected: [fault] })
  }
  expect([judged('full heap').length, judged('early exit').length]).toEqual([0, 1])
})

it('while the disk is full, and no longer, a broker is tried to start again without a loss', () => {
  const turns = [lost(1), restarting(1, 50), restarting(2, 60), listening(2)]
  const full = { name: 'disk-full', args: null, fromMs: 0, toMs: 10 }
  expect(judge({ ...GOOD, turns, injected: [full] })).toEqual([])
  expect(judge({ ...GOOD, turns, injected: [{ ...full, fromMs: 3 }] })).not.toEqual([])
  const tries = [0, 1, 2, 3, 4].map((at) => restarting(at, 30 * 2 ** at))
  const givenUp = { turns: [lost(0), ...tries, aborted], calls: [], deviceLog: [] }
  expect(judge({ ...GOOD, ...givenUp, injected: [full] })).toEqual([])
  expect(judge({ ...GOOD, ...givenUp })).not.toEqual([])
})

it('of a call whose client was killed, and of one whose client was stopped, nobody expects that it is in time', () => {
  const died = answered('show nonce c.', '', { outcome: { kind: 'client-died' } })
  const stopped = { tookMs: 5_000, lagMs: 4_000 }
  const calls = [died, answered(READ, 'a. 1', stopped), ...GOOD.calls]
  const schedule = { ...GOOD.schedule, clients: [[], []] }
  const judged = (client: number, fromMs: number): unknown[] => {
    const stop = { name: 'client-process-stopped', args: { client }, fromMs, toMs: fromMs + 4_000 }
    return judge({ ...GOOD, schedule, calls, injected: [stop] })
  }
  expect(judged(2, 0)).toEqual([])
  expect([judged(1, 0).length, judged(2, 6_000).length]).toEqual([1, 1])
  expect(judge({ ...GOOD, schedule, calls })).not.toEqual([])
  const starved = [answered(READ, 'a. 1', { tookMs: 5_000, waitedMs: 4_000 })]
  expect(judge({ ...GOOD, calls: [...starved, ...GOOD.calls] })).toEqual([])
})

it('a start takes too long, or finds no room on its disk, only where a fault makes it so', () => {
  const lostBy = (message: string): BrokerTurn => ({
    ...unforeseenLoss,
    event: { event: 'broker-lost', generation: 1, message },
  })
  const late = lostBy('the broker crashed: it was not ready within 30000 ms')
  const full = lostBy('run store /tmp/run.store: database or disk is full')
  const isForeseen = (turn: BrokerTurn, ...names: string[]): boolean => {
    const faults = names.map((name) => ({ name, after: 0, args: null }))
    const schedule = { ...GOOD.schedule, faults }
    const violations = judge({ ...GOOD, turns: [turn, ...GOOD.turns], schedule })
    return !violations.some(({ what }) => what.startsWith('nothing that befell it'))
  }
  expect([isForeseen(late, 'next-broker-fails'), isForeseen(late)]).toEqual([true, false])
  expect([isForeseen(full, 'disk-full'), isForeseen(full)]).toEqual([true, false])
})

it('a socket that a fault has taken away is demanded again when another broker has followed', () => {
  const recoversAfter = (toMs: number): boolean => {
    const deleted = { name: 'socket-deleted', args: null, fromMs: 0, toMs }
    const violations = judge({ ...GOOD, lastCalls: [], injected: [deleted] })
    return !violations.some(({ invariant }) => invariant === 'recovers')
  }
  expect([recoversAfter(0.5), recoversAfter(150)]).toEqual([false, true])
})

it('direct clients have more sessions than a device may, together, only where their store is gone', () => {
  const judged = (policy: Policy, name: string): unknown[] => {
    const injected = [{ name, args: null, fromMs: 0, toMs: 1 }]
    const deviceLog = [again, ...GOOD.deviceLog]
    return judge({
      ...GOOD,
      turns: [],
      deviceLog,
      injected,
      schedule: { ...GOOD.schedule, policy },
    })
  }
  expect(judged('fallback', 'socket-directory-removed')).toEqual([])
  expect(judged('abort', 'socket-directory-removed')).not.toEqual([])
  expect(judged('fallback', 'socket-deleted')).not.toEqual([])
})

it.each(BAD)('%s is violated by %j', (invariant, difference) => {
  const violated = judge({ ...GOOD, ...difference }).map((violation) => violation.invariant)
  expect(violated).toContain(invariant)
})

it('each invariant has such a run', () => {
  const names = INVARIANTS.map(({ name }) => name)
  expect([...new Set(BAD.map(([name]) => name))].toSorted()).toEqual(names.toSorted())
})
