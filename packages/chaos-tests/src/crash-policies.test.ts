import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type Account,
  type Crash,
  crashCell,
  CRASHES,
  POLICIES,
  type Policy,
} from './crash-cell.fixture.ts'

const LOST_UNSENT = 'BROKER_LOST, sent: no'
const LOST_IN_FLIGHT = 'BROKER_LOST, sent: unknown'
const OUTCOME_UNKNOWN = 'OUTCOME_UNKNOWN, sent: yes'

/** There is no other broker that could crash: the policy has been carried out after the first time. */
const NO_RESTART = 'no restart'

/** What each policy promises when the broker crashes then. */
const MATRIX: Record<Crash, Record<Policy, Account | typeof NO_RESTART>> = {
  'while idle': {
    abort: refused(),
    fallback: direct(),
    restart: served(2),
    'restart,fallback': served(2),
  },
  'in mid-command': {
    abort: { ...refused(), read: LOST_IN_FLIGHT, change: LOST_IN_FLIGHT },
    fallback: { ...direct(), change: OUTCOME_UNKNOWN },
    restart: { ...served(2), change: OUTCOME_UNKNOWN },
    'restart,fallback': { ...served(2), change: OUTCOME_UNKNOWN },
  },
  'in mid-handshake': {
    abort: { ...refused(), connect: 'BROKER_UNAVAILABLE, sent: no' },
    fallback: direct(),
    restart: served(2),
    'restart,fallback': served(2),
  },
  'during the restart': {
    abort: NO_RESTART,
    fallback: NO_RESTART,
    restart: served(3),
    'restart,fallback': served(3),
  },
  'twice in a row': {
    abort: NO_RESTART,
    fallback: NO_RESTART,
    restart: { ...served(3), change: OUTCOME_UNKNOWN },
    'restart,fallback': { ...served(3), change: OUTCOME_UNKNOWN },
  },
  'until restarting is given up': {
    abort: NO_RESTART,
    fallback: NO_RESTART,
    restart: {
      ...refused(),
      ends: 'aborted after restarts',
      read: LOST_IN_FLIGHT,
      change: OUTCOME_UNKNOWN,
    },
    'restart,fallback': {
      ...direct(),
      ends: 'fallback after restarts',
      change: OUTCOME_UNKNOWN,
    },
  },
}

function served(generation: number): Account {
  const answer = 'via broker'
  return {
    connect: 'done',
    read: answer,
    change: answer,
    again: answer,
    ends: `generation ${generation}`,
  }
}

function direct(): Account {
  const answer = 'via direct'
  return {
    connect: 'done',
    read: answer,
    change: answer,
    again: answer,
    ends: 'fallback',
  }
}

function refused(): Account {
  const answer = LOST_UNSENT
  return {
    connect: 'done',
    read: answer,
    change: answer,
    again: answer,
    ends: 'aborted',
  }
}

const CELLS = CRASHES.flatMap((crash) =>
  POLICIES.flatMap((policy) => {
    const promised = MATRIX[crash][policy]
    if (promised === NO_RESTART) return []
    return (['thread', 'process'] as const).map((host) => ({ crash, policy, host, promised }))
  }),
)

// Hosts inherit it; with it failpoints can be armed.
beforeAll(() => void vi.stubEnv('NAC_BROKER_FAILPOINTS', ''))
afterAll(() => void vi.unstubAllEnvs())

describe('a broker that crashes', { timeout: 60_000 }, () => {
  it.concurrent.for(CELLS)(
    '$crash, in a $host, under $policy',
    async ({ crash, policy, host, promised }) => {
      expect(await crashCell(crash, policy, host)).toEqual({ account: promised, violations: [] })
    },
  )
})
