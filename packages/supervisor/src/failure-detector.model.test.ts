import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { FailureDetector, type UnitEvent, type WatchedUnit } from './failure-detector.ts'
import { modelParameters } from './model-parameters.fixture.ts'
import { VirtualClock } from './virtual-clock.ts'

const NAMES = ['device r1', 'worker w1'] as const

/** What befalls a unit; `watcher failed` is said by its latest watcher, `late` by the one before. */
const HAPPENINGS = [
  'start',
  'ready',
  'busy',
  'idle',
  'stopping',
  'stopped',
  'fail',
  'watcher failed',
  'late',
] as const

type Happening =
  | { unit: (typeof NAMES)[number]; what: (typeof HAPPENINGS)[number] }
  | { ms: number }

/** A unit in the plainest way: whether it lives, was told to stop, or is over, and how often it died. */
interface Modelled {
  life: 'over' | 'live' | 'stopping'
  died: number
  cause: string | undefined
}

function after(unit: Modelled, what: (typeof HAPPENINGS)[number], cause: string): void {
  const { life } = unit
  if (what === 'start' && life === 'over') Object.assign(unit, { life: 'live', cause: undefined })
  if (what === 'stopping' && life === 'live') unit.life = 'stopping'
  if (what === 'stopped') unit.life = 'over'
  if (what === 'fail' && life === 'stopping') unit.life = 'over'
  if ((what === 'fail' || what === 'watcher failed') && life === 'live') {
    Object.assign(unit, { life: 'over', cause })
    unit.died++
  }
}

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({ unit: fc.constantFrom(...NAMES), what: fc.constantFrom(...HAPPENINGS) }),
  },
  { weight: 2, arbitrary: fc.record({ ms: fc.integer({ min: 0, max: 1_500 }) }) },
)

test('whatever happens in whatever order, a death is counted once and only the living are watched', async () => {
  expect.hasAssertions()
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 120, size: 'max' }), async (happenings) => {
      const clock = new VirtualClock()
      const events: UnitEvent[] = []
      const limit = { maxEvents: 5, withinMs: 1_000 }
      const detector = new FailureDetector({ clock, limit, onEvent: (event) => events.push(event) })
      const model = new Map(
        NAMES.map((name): [string, Modelled] => [
          name,
          { life: 'over', died: 0, cause: undefined },
        ]),
      )
      const watchers = new Map<string, WatchedUnit[]>(NAMES.map((name) => [name, []]))
      const watched = new Map<string, number>(NAMES.map((name) => [name, 0]))

      for (const [index, step] of happenings.entries()) {
        if ('ms' in step) {
          await clock.advance(step.ms)
          continue
        }
        const { unit: name, what } = step
        const cause = `cause ${index}`
        switch (what) {
          case 'start':
            detector.start({ name, kind: 'thing' }, (unit) => {
              watchers.get(name)?.push(unit)
              watched.set(name, (watched.get(name) ?? 0) + 1)
              return () => void watched.set(name, (watched.get(name) ?? 0) - 1)
            })
            break
          case 'fail':
            detector.fail(name, cause)
            break
          case 'watcher failed':
            watchers.get(name)?.at(-1)?.fail(cause)
            break
          case 'late':
            watchers.get(name)?.at(-2)?.fail(cause)
            break
          default:
            detector.tell(name, what)
        }
        after(model.get(name) as Modelled, what, cause)
        for (const [one, { life }] of model) expect(watched.get(one)).toBe(life === 'live' ? 1 : 0)
      }

      await clock.advance(1_000)
      expect(clock.pending).toBe(0)
      for (const { name, ...status } of detector.status()) {
        const { life, died, cause } = model.get(name) as Modelled
        expect(status.state === 'failed' ? status.cause : undefined).toBe(cause)
        const over = status.state === 'failed' || status.state === 'stopped'
        expect(over).toBe(life === 'over')
        const told = events.filter((event) => event.name === name)
        const failures = told.filter(({ state }) => state === 'failed').length
        const folded = told.reduce((sum, { folded: count = 0 }) => sum + count, 0)
        expect(failures).toBeLessThanOrEqual(died)
        expect(failures + folded).toBeGreaterThanOrEqual(died)
        // Who was told everything but what was folded knows how things are.
        expect(told.at(-1)?.state).toBe(status.state)
      }
    }),
    modelParameters(),
  )
}, 120_000)
