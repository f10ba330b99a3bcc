import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decide,
  FAILURE_POLICIES,
  type FailurePolicy,
  neededBy,
  outcome,
  type WorkerState,
} from './failure-policy.ts'
import { resolveFailurePolicy } from './failure-policy-options.ts'
import { modelParameters } from '../../supervisor/src/model-parameters.fixture.ts'

const LETTERS: Record<string, WorkerState> = {
  p: 'passed',
  f: 'failed',
  r: 'running',
  w: 'waiting',
  c: 'cancelled',
  n: 'never-started',
}

/** A letter for each worker. */
const states = (letters: string): WorkerState[] =>
  letters.split('').map((letter) => LETTERS[letter] as WorkerState)

function policy(name: FailurePolicy['name'], declared: number, min?: number): FailurePolicy {
  return resolveFailurePolicy(
    { name, ...(min !== undefined && { minAgentsRequired: min }) },
    declared,
  )
}

describe('decide', () => {
  it.each<[FailurePolicy['name'], number | undefined, string, string | undefined]>([
    ['fail_fast', undefined, 'rrww', undefined],
    ['fail_fast', undefined, 'pppr', undefined],
    ['fail_fast', undefined, 'frww', 'fail_fast stops at the first failure'],
    ['fail_fast', 1, 'fppp', 'fail_fast stops at the first failure'],
    ['retry_once', undefined, 'frww', 'retry_once needs 4 of 4 to pass, and only 3 still can'],
    ['retry_once', 3, 'frww', undefined],
    ['best_effort', undefined, 'fffr', undefined],
    ['best_effort', undefined, 'ffff', 'best_effort needs 1 of 4 to pass, and only 0 still can'],
    ['best_effort', 3, 'frww', undefined],
    ['best_effort', 3, 'ffww', 'best_effort needs 3 of 4 to pass, and only 2 still can'],
    ['continue_if_majority', undefined, 'frww', undefined],
    // A tie is no majority.
    [
      'continue_if_majority',
      undefined,
      'ffww',
      'continue_if_majority needs 3 of 4 to pass, and only 2 still can',
    ],
    ['continue_if_majority', undefined, 'ffwww', undefined],
    // Of the declared ones: that two of the three that ran failed is not the question.
    ['continue_if_majority', undefined, 'ffpwwww', undefined],
    [
      'continue_if_majority',
      4,
      'ffppr',
      'continue_if_majority needs 4 of 5 to pass, and only 3 still can',
    ],
  ])('under %s, needing %s, with %s: %s', (name, min, letters, reason) => {
    expect(decide(policy(name, letters.length, min), states(letters))).toEqual(
      reason === undefined ? { goOn: true } : { goOn: false, reason },
    )
  })
})

describe('outcome', () => {
  it.each<[FailurePolicy['name'], number | undefined, string, string, number]>([
    ['fail_fast', undefined, 'pppp', 'COMPLETE', 0],
    ['fail_fast', undefined, 'fcnn', 'FAILED', 1],
    ['fail_fast', 2, 'ppfc', 'PARTIAL', 3],
    ['best_effort', undefined, 'pfff', 'PARTIAL', 3],
    ['best_effort', undefined, 'ffff', 'FAILED', 1],
    ['best_effort', 3, 'ppfc', 'FAILED', 1],
    ['retry_once', undefined, 'pppf', 'FAILED', 1],
    ['retry_once', 3, 'pppf', 'PARTIAL', 3],
    ['continue_if_majority', undefined, 'ppff', 'FAILED', 1],
    ['continue_if_majority', undefined, 'pppff', 'PARTIAL', 3],
  ])('under %s, needing %s, with %s: %s, exit code %i', (name, min, letters, status, exitCode) => {
    const all = states(letters)
    expect(outcome(policy(name, letters.length, min), { states: all })).toMatchObject({
      status,
      exitCode,
    })
  })

  const best = policy('best_effort', 4)

  it('says how many passed and how many had to', () => {
    expect(outcome(best, { states: states('pppf') }).reason).toBe(
      '3 of 4 workers passed; best_effort needs 1',
    )
  })

  it('is a success although PARTIAL where that is enough', () => {
    const ending = { states: states('pppf'), partialOk: true }
    expect(outcome(best, ending)).toMatchObject({ status: 'PARTIAL', exitCode: 0 })
    expect(outcome(best, { ...ending, states: states('ffff') })).toMatchObject({ exitCode: 1 })
  })

  it('is ABORTED with a broker that was given up, whatever else there is', () => {
    const brokerLost = 'the broker was lost'
    const interrupted = { exitCode: 130, reason: 'interrupted by SIGINT' }
    for (const letters of ['pppc', 'pppf', 'ffff', 'pnnn']) {
      expect(outcome(best, { states: states(letters), brokerLost, interrupted })).toEqual({
        status: 'ABORTED',
        exitCode: 4,
        reason: brokerLost,
      })
    }
    expect(outcome(best, { states: states('pppp'), brokerLost })).toMatchObject({ exitCode: 0 })
  })

  it('is ABORTED by an interruption, unless all had ended by themselves', () => {
    const interrupted = { exitCode: 143, reason: 'interrupted by SIGTERM' }
    expect(outcome(best, { states: states('pppc'), interrupted })).toEqual({
      status: 'ABORTED',
      ...interrupted,
    })
    expect(outcome(best, { states: states('pppf'), interrupted }).status).toBe('PARTIAL')
  })
})

describe('for whatever policy and however workers end', () => {
  const run = fc.integer({ min: 1, max: 12 }).chain((declared) =>
    fc.record({
      policy: fc
        .record({
          name: fc.constantFrom(...FAILURE_POLICIES),
          min: fc.option(fc.integer({ min: 1, max: declared }), { nil: undefined }),
        })
        .map(({ name, min }) => policy(name, declared, min)),
      now: fc.array(fc.constantFrom<WorkerState>('waiting', 'running', 'passed', 'failed'), {
        minLength: declared,
        maxLength: declared,
      }),
    }),
  )
  const isOpen = (state: WorkerState): boolean => state === 'waiting' || state === 'running'
  const whenOpenOnes = (all: readonly WorkerState[], become: WorkerState): WorkerState[] =>
    all.map((state) => (isOpen(state) ? become : state))
  const isSatisfied = (one: FailurePolicy, all: readonly WorkerState[]): boolean =>
    ['COMPLETE', 'PARTIAL'].includes(outcome(one, { states: all }).status)

  it('goes on exactly while the policy can be satisfied, but under fail_fast', () => {
    fc.assert(
      fc.property(run, ({ policy: one, now }) => {
        const possible = isSatisfied(one, whenOpenOnes(now, 'passed'))
        const failed = one.name === 'fail_fast' && now.includes('failed')
        expect(decide(one, now).goOn).toBe(possible && !failed)
      }),
      modelParameters(),
    )
  })

  it('never takes a stop back', () => {
    fc.assert(
      fc.property(run, fc.nat(), fc.boolean(), ({ policy: one, now }, at, passes) => {
        fc.pre(!decide(one, now).goOn && now.some(isOpen))
        const open = now.flatMap((state, index) => (isOpen(state) ? [index] : []))
        const later = now.with(open[at % open.length] ?? 0, passes ? 'passed' : 'failed')
        expect(decide(one, later).goOn).toBe(false)
      }),
      modelParameters(),
    )
  })

  it('is satisfied at the end of a run that was never stopped', () => {
    fc.assert(
      fc.property(run, fc.boolean(), ({ policy: one, now }, pass) => {
        const end = whenOpenOnes(now, pass ? 'passed' : 'failed')
        fc.pre(decide(one, end).goOn)
        expect(isSatisfied(one, end)).toBe(true)
      }),
      modelParameters(),
    )
  })

  it('is no worse with one more that passed', () => {
    fc.assert(
      fc.property(run, fc.nat(), ({ policy: one, now }, at) => {
        const end = whenOpenOnes(now, 'failed')
        const better = end.with(at % end.length, 'passed')
        expect(isSatisfied(one, better) || !isSatisfied(one, end)).toBe(true)
      }),
      modelParameters(),
    )
  })

  it('needs more than half for a majority, and always what is required', () => {
    fc.assert(
      fc.property(run, ({ policy: one, now }) => {
        const needed = neededBy(one, now.length)
        expect(needed).toBeGreaterThanOrEqual(one.minAgentsRequired)
        expect(needed).toBeLessThanOrEqual(now.length)
        const isMajority = needed * 2 > now.length
        expect(isMajority || one.name !== 'continue_if_majority').toBe(true)
      }),
      modelParameters(),
    )
  })
})
