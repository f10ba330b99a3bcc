import { expect, it } from 'vitest'
import type { Call } from './journal.ts'
import { type Facts, verdict } from './verdict.ts'

const base = { device: 'a', command: 'write nonce 1', endedMs: 1 }
const before: Call = {
  ...base,
  answer: 'right',
  cached: false,
  via: 'broker',
  attempts: 1,
  generation: 1,
}
const next: Call = { ...before, attempts: 2, generation: 2 }
const direct: Call = { ...before, via: 'direct' }
const wrong: Call = { ...next, answer: 'wrong' }
const unknown: Call = {
  ...base,
  code: 'OUTCOME_UNKNOWN',
  message: 'nobody knows',
  acrossLoss: true,
}
const lost: Call = { ...base, code: 'BROKER_LOST', message: 'gone', acrossLoss: true }

const seen = {
  logins: 1,
  executed: 2,
  changes: 2,
  changedTwice: 0,
  mostSessions: 1,
  mostSessionsOfADevice: 1,
}
const restarted: Facts = {
  policy: 'restart',
  limits: { maxConnections: 8, maxSessionsPerDevice: 1 },
  commands: 2,
  kill: { pid: 7, atMs: 0, answered: 1 },
  calls: [before, next],
  seen,
  report: { status: 'COMPLETE', exitCode: 0 },
  workersLeft: 0,
}
const fellBack: Facts = { ...restarted, policy: 'fallback', calls: [before, direct] }
const aborted: Facts = {
  ...restarted,
  policy: 'abort',
  calls: [before, lost],
  report: { status: 'ABORTED', exitCode: 4 },
}

it.each<[string, Facts]>([
  ['a restart', restarted],
  ['a restart with a change in flight', { ...restarted, calls: [before, unknown] }],
  ['a fallback', fellBack],
  ['a fallback with a change in flight', { ...fellBack, calls: [direct, unknown] }],
  ['an abort', aborted],
])('finds every promise kept in %s', (_, facts) => {
  expect(verdict(facts).filter(({ kept }) => !kept)).toEqual([])
})

it('says in words that the outcome of a change is rightly unknown', () => {
  const { found } = verdict({ ...restarted, calls: [before, unknown] })[1] ?? {}
  expect(found).toBe(
    '1 of 2; 1 change in flight at the kill, outcome unknown: not sent again, as promised',
  )
})

const ANSWERS = 'every command has its own answer'
const RESTART = 'the run finishes, with the next broker'
const FALLBACK = 'the run finishes, its clients on their own'
const ABORT = 'the run is aborted, and nobody goes on'

it.each<[string, Facts, string]>([
  ['no kill', { ...restarted, kill: undefined }, 'the broker is killed half-way'],
  ['a call that failed', { ...restarted, calls: [before, lost] }, ANSWERS],
  ['a wrong answer', { ...restarted, calls: [before, wrong] }, ANSWERS],
  [
    'an unknown outcome that no kill explains',
    { ...restarted, calls: [before, { ...unknown, acrossLoss: false }] },
    ANSWERS,
  ],
  [
    'an unknown outcome of a read',
    { ...fellBack, calls: [direct, { ...unknown, command: 'show clock' }] },
    ANSWERS,
  ],
  ['a call never made', { ...fellBack, calls: [direct] }, ANSWERS],
  ['a restart that went direct', { ...restarted, calls: [before, direct] }, RESTART],
  ['a restart that failed', { ...restarted, report: { status: 'FAILED', exitCode: 1 } }, RESTART],
  ['a fallback to another broker', { ...fellBack, calls: [before, next] }, FALLBACK],
  ['an abort that went on', { ...aborted, calls: [before, direct] }, ABORT],
  ['an abort that failed', { ...aborted, report: { status: 'FAILED', exitCode: 1 } }, ABORT],
  ['an abort by a signal', { ...aborted, report: { status: 'ABORTED', exitCode: 130 } }, ABORT],
  ['a worker that lives on', { ...aborted, workersLeft: 1 }, 'no worker is left running'],
  [
    'a wrong answer before an abort',
    { ...aborted, calls: [{ ...wrong, generation: 1 }] },
    'every answer is the right one',
  ],
  [
    'a change made twice',
    { ...aborted, seen: { ...seen, changedTwice: 1 } },
    'no change executed twice',
  ],
  [
    'a second session',
    { ...fellBack, seen: { ...seen, mostSessionsOfADevice: 2 } },
    'at most 1 session on a device',
  ],
  [
    'too many sessions',
    { ...fellBack, seen: { ...seen, mostSessions: 9 } },
    'at most 8 sessions in all',
  ],
])('finds %s', (_, facts, promise) => {
  const broken = verdict(facts).filter(({ kept }) => !kept)
  expect(broken.map((one) => one.promise)).toEqual([promise])
})
