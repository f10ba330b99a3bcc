import { describe, expect, test } from 'vitest'
import { isLive, transition, type UnitSign, type UnitState } from './unit-state.ts'

const failed: UnitState = { state: 'failed', cause: 'killed by SIGKILL' }
const STATES: readonly UnitState[] = [
  { state: 'starting' },
  { state: 'ready' },
  { state: 'busy' },
  { state: 'idle' },
  { state: 'stopping' },
  { state: 'stopped' },
  failed,
]
const SIGNS: readonly UnitSign[] = [
  { sign: 'starting' },
  { sign: 'ready' },
  { sign: 'busy' },
  { sign: 'idle' },
  { sign: 'stopping' },
  { sign: 'stopped' },
  { sign: 'failed', cause: 'reset' },
]

/** One row a state, one column a sign: what comes of it, and `-` where nothing does. */
const TABLE = `
            starting  ready   busy    idle    stopping  stopped  failed
  starting  -         ready   busy    idle    stopping  stopped  failed
  ready     -         -       busy    idle    stopping  stopped  failed
  busy      -         -       -       idle    stopping  stopped  failed
  idle      -         -       busy    -       stopping  stopped  failed
  stopping  -         -       -       -       -         stopped  stopped
  stopped   starting  -       -       -       -         -        -
  failed    starting  -       -       -       -         -        -
`

const rows = TABLE.trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/))
const [header = [], ...body] = rows

describe('a unit', () => {
  test.each(body.map(([from = '', ...to]) => ({ from, to })))(
    'that is $from takes the signs that its row of the table names, and no other',
    ({ from, to }) => {
      const state = STATES.find((one) => one.state === from) as UnitState
      const came = header.map((name) => {
        const sign = SIGNS.find((one) => one.sign === name) as UnitSign
        return transition(state, sign)?.state ?? '-'
      })
      expect(came).toEqual(to)
    },
  )

  test('that fails keeps the cause of its first failure', () => {
    const sign: UnitSign = { sign: 'failed', cause: 'reset' }
    expect(transition({ state: 'idle' }, sign)).toEqual({ state: 'failed', cause: 'reset' })
    expect(transition(failed, sign)).toBeUndefined()
  })

  test('is live from its start until it is told to stop or is over', () => {
    const live = STATES.filter(isLive).map(({ state }) => state)
    expect(live).toEqual(['starting', 'ready', 'busy', 'idle'])
  })
})
