import { describe, expect, test } from 'vitest'
import { FailureDetector, type UnitEvent } from './failure-detector.ts'
import { type ProbeAnswer, probing } from './probe.ts'
import { VirtualClock } from './virtual-clock.ts'

const lab = { name: 'watch lab', kind: 'watch' }
const alive: ProbeAnswer = { alive: true }

const EVERY_MS = 2_000

/** A unit that is probed every 2 s, each time for 1 s at most, and what its probe does. */
function probed(
  probe: (look: number, signal: AbortSignal) => Promise<ProbeAnswer>,
  clock = new VirtualClock(),
  everyMs = EVERY_MS,
): {
  clock: VirtualClock
  detector: FailureDetector
  events: (UnitEvent & { at: number })[]
  looks: () => number
} {
  const events: (UnitEvent & { at: number })[] = []
  const onEvent = (event: UnitEvent): void => void events.push({ ...event, at: clock.now() })
  const detector = new FailureDetector({ clock, onEvent })
  let looks = 0
  const watch = probing({
    probe: (signal) => probe(++looks, signal),
    everyMs,
    timeoutMs: 1_000,
    clock,
  })
  detector.start(lab, watch)
  return { clock, detector, events, looks: () => looks }
}

const hangs = (): Promise<ProbeAnswer> => new Promise(() => {})

describe('a unit that is probed', () => {
  test('is ready with the first good answer, and said so once', async () => {
    const { clock, events, looks, detector } = probed(async () => alive)
    await clock.advance(20_000)
    expect(events.map(({ state }) => state)).toEqual(['starting', 'ready'])
    expect(looks()).toBe(11)
    detector[Symbol.dispose]()
  })

  test('fails with the first bad answer, and is not looked at any more', async () => {
    const { clock, events, looks } = probed(async (look) =>
      look < 3 ? alive : { alive: false, cause: 'it says "inactive"' },
    )
    await clock.advance(20_000)
    expect(events.at(-1)).toMatchObject({ state: 'failed', cause: 'it says "inactive"', at: 4_000 })
    expect(looks()).toBe(3)
    expect(clock.pending).toBe(0)
  })

  test('fails when it did not answer three times in a row', async () => {
    const { clock, events } = probed(hangs)
    await clock.advance(20_000)
    const cause = 'no answer within 1000 ms, 3 times in a row'
    expect(events.at(-1)).toMatchObject({ state: 'failed', cause, at: 5_000 })
    expect(clock.pending).toBe(0)
  })

  test('lives on when it did not answer twice and then does, again and again', async () => {
    const { clock, events, detector } = probed((look) =>
      look % 3 === 0 ? Promise.resolve(alive) : hangs(),
    )
    await clock.advance(60_000)
    expect(events.map(({ state }) => state)).toEqual(['starting', 'ready'])
    detector[Symbol.dispose]()
  })

  test('counts a probe that cannot be carried out as one without an answer', async () => {
    const { clock, events } = probed(() => Promise.reject(new Error('no more processes')))
    await clock.advance(20_000)
    expect(events.at(-1)).toMatchObject({
      state: 'failed',
      cause: 'no more processes, 3 times in a row',
    })
  })

  test('whose probe hangs has it told to end, when it is late and when the unit stops', async () => {
    const signals: AbortSignal[] = []
    const { clock, detector } = probed((_, signal) => {
      signals.push(signal)
      return hangs()
    })
    await clock.advance(1_000)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    await clock.advance(1_000)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    detector.tell(lab.name, 'stopping')
    await clock.advance(0)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(clock.pending).toBe(0)
  })
})

test('looks of a probe that takes longer than its interval follow each other and never overlap', async () => {
  let underWay = 0
  let most = 0
  const clock = new VirtualClock()
  const { detector, looks } = probed(
    async () => {
      most = Math.max(most, ++underWay)
      await clock.sleep(900)
      underWay--
      return alive
    },
    clock,
    600,
  )
  await clock.advance(9_000)
  expect(most).toBe(1)
  expect(looks()).toBe(11)
  detector[Symbol.dispose]()
})

test.each([0, 100, 500])(
  'the death of a unit whose probe takes %i ms is told within its interval and one look, whenever it dies',
  async (lookMs) => {
    for (let diesAt = 5_000; diesAt <= 5_000 + EVERY_MS + lookMs; diesAt += 23) {
      const clock = new VirtualClock()
      const dead: ProbeAnswer = { alive: false, cause: 'it is not there' }
      const { events } = probed(async () => {
        const found = clock.now() < diesAt ? alive : dead
        await clock.sleep(lookMs)
        return found
      }, clock)
      // oxlint-disable-next-line no-await-in-loop -- one life after the other
      await clock.advance(diesAt + EVERY_MS + lookMs)
      expect(events.at(-1)).toMatchObject({ state: 'failed', cause: 'it is not there' })
      expect(events.at(-1)?.at).toBeGreaterThanOrEqual(diesAt)
      expect(clock.pending).toBe(0)
    }
  },
)
