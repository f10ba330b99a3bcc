import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LivenessCheck, type LivenessCheckOptions, type LivenessEvent } from './liveness.ts'
import { modelParameters } from './model-parameters.fixture.ts'
import { VirtualClock } from './virtual-clock.ts'

const LATENCY_MS = 1

/** A detector and the peer that it watches: one that answers each probe, unless it is stalled. */
class Pair {
  readonly clock = new VirtualClock()
  readonly events: (LivenessEvent & { at: number })[] = []
  readonly detector: LivenessCheck
  probes = 0
  #stalledUntil = 0

  constructor(options: Partial<LivenessCheckOptions> = {}) {
    this.detector = new LivenessCheck({
      clock: this.clock,
      onEvent: (event) => this.events.push({ ...event, at: this.clock.now() }),
      probe: () => this.#receive(),
      ...options,
    })
    this.detector.start()
  }

  stallPeer(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.clock.now() + ms)
  }

  names(): string[] {
    return this.events.map(({ event }) => event)
  }

  #receive(): void {
    this.probes++
    this.#answerAt(this.clock.now() + LATENCY_MS)
  }

  #answerAt(at: number): void {
    if (at === Number.POSITIVE_INFINITY) return
    this.clock.startTimer(at - this.clock.now(), () => {
      // The peer is stalled; or we were: an event loop that wakes runs late timers, then reads sockets.
      const soonest = Math.max(this.clock.now(), this.#stalledUntil)
      if (soonest > at) this.#answerAt(soonest)
      else this.detector.heard()
    })
  }
}

/** Moments within the interval between two probes at which something may happen. */
const PHASES_MS = Array.from({ length: 51 }, (_, step) => 2_000 + step * 10)

describe('the probes that a peer has missed', () => {
  test.each([
    ['none of one that answers', 0, 0],
    ['one of a peer that stalls for less than two intervals', 900, 1],
    ['all of one that is lost, the last one included', 60_000, 3],
  ])('are %s', async (_, stallMs, missed) => {
    const pair = new Pair()
    await pair.clock.advance(2_000)
    pair.stallPeer(stallMs)
    await pair.clock.advance(30_000)
    expect(pair.detector.missed).toBe(missed)
  })
})

describe('a peer that answers', () => {
  test('is probed once an interval, and nothing is said about it', async () => {
    const pair = new Pair()
    await pair.clock.advance(60_000)
    expect(pair.probes).toBe(120)
    expect(pair.events).toEqual([])
  })

  test('and is stalled for 1 s, whenever that begins, is suspected at most', async () => {
    for (const phaseMs of PHASES_MS) {
      const pair = new Pair()
      await pair.clock.advance(phaseMs)
      pair.stallPeer(1_000)
      await pair.clock.advance(10_000)
      expect(pair.names(), `stalled after ${phaseMs} ms`).toEqual(['suspect', 'alive'])
    }
  })

  test('is not accused of our own loop being blocked for 1 s, whenever that begins', async () => {
    for (const phaseMs of PHASES_MS) {
      const pair = new Pair()
      await pair.clock.advance(phaseMs)
      pair.clock.stall(1_000)
      await pair.clock.advance(10_000)
      expect(pair.events, `blocked after ${phaseMs} ms`).toEqual([])
    }
  })

  test('is not accused after everything was stopped for 5 s and continued', async () => {
    for (const phaseMs of PHASES_MS) {
      const pair = new Pair()
      await pair.clock.advance(phaseMs)
      pair.clock.stall(5_000)
      await pair.clock.advance(10_000)
      expect(pair.events, `stopped after ${phaseMs} ms`).toEqual([])
    }
  })

  test('is not given up by us who were late, before what it had sent meanwhile was read', async () => {
    const pair = new Pair()
    await pair.clock.advance(600 + 1_892 + 1_000)
    pair.stallPeer(617)
    await pair.clock.advance(600 + 16)
    pair.clock.stall(642)
    await pair.clock.advance(2_000)
    expect(pair.names()).not.toContain('lost')
  })

  test('late is alive after all: anything heard from it counts', async () => {
    const pair = new Pair()
    pair.stallPeer(Number.POSITIVE_INFINITY)
    await pair.clock.advance(1_200)
    pair.detector.heard()
    expect(pair.events).toEqual([
      { event: 'suspect', silentMs: 1_000, at: 1_000 },
      { event: 'alive', silentMs: 1_200, at: 1_200 },
    ])
  })
})

describe('a peer that stalls for good', () => {
  test('is lost within 2 s, whenever that begins, and is then left alone', async () => {
    for (const phaseMs of PHASES_MS) {
      const pair = new Pair()
      await pair.clock.advance(phaseMs)
      pair.stallPeer(Number.POSITIVE_INFINITY)
      await pair.clock.advance(10_000)
      expect(pair.names(), `stalled after ${phaseMs} ms`).toEqual(['suspect', 'lost'])
      const [, lost] = pair.events
      const noticedMs = (lost?.at ?? Number.NaN) - phaseMs
      expect(noticedMs).toBeGreaterThanOrEqual(1_250)
      expect(noticedMs).toBeLessThanOrEqual(1_750)
      expect(lost?.silentMs).toBeGreaterThan(1_500)
      expect(pair.clock.pending).toBe(0)
    }
  })

  test('is given the whole time again when we ourselves could not hear', async () => {
    const pair = new Pair()
    await pair.clock.advance(2_000)
    pair.stallPeer(Number.POSITIVE_INFINITY)
    await pair.clock.advance(1_000)
    pair.clock.stall(1_000)
    await pair.clock.advance(1_499)
    expect(pair.names()).toEqual(['suspect'])
    await pair.clock.advance(500)
    expect(pair.names()).toEqual(['suspect', 'lost'])
  })

  test('is lost even when we are always a little late', async () => {
    const pair = new Pair()
    pair.stallPeer(Number.POSITIVE_INFINITY)
    while (pair.clock.now() < 2_500) {
      pair.clock.stall(200)
      await pair.clock.advance(1)
    }
    expect(pair.names()).toEqual(['suspect', 'lost'])
  })

  test('is judged by the interval and the timeout that were set', async () => {
    const pair = new Pair({ intervalMs: 50, timeoutMs: 200 })
    await pair.clock.advance(1_005)
    pair.stallPeer(Number.POSITIVE_INFINITY)
    await pair.clock.advance(1_000)
    expect(pair.events).toMatchObject([
      { event: 'suspect', at: 1_100 },
      { event: 'lost', at: 1_225 },
    ])
  })

  test('is never lost before a probe could be answered, however rare probes are', async () => {
    const pair = new Pair({ intervalMs: 5_000, timeoutMs: 200 })
    await pair.clock.advance(60_000)
    expect(pair.events).toEqual([])
    pair.stallPeer(Number.POSITIVE_INFINITY)
    await pair.clock.advance(5_200)
    expect(pair.names()).toEqual(['lost'])
  })
})

describe('a detector', () => {
  test('that is stopped says and sends nothing, until it is started again', async () => {
    const pair = new Pair()
    pair.stallPeer(Number.POSITIVE_INFINITY)
    await pair.clock.advance(600)
    pair.detector.stop()
    pair.detector.stop()
    expect(pair.clock.pending).toBe(0)
    pair.detector.heard()
    await pair.clock.advance(10_000)
    expect([pair.probes, pair.names()]).toEqual([1, []])
    pair.detector.start()
    pair.detector.start()
    expect(pair.clock.pending).toBe(1)
    await pair.clock.advance(10_000)
    expect(pair.names()).toEqual(['suspect', 'lost'])
  })

  test.each([
    { last: 'suspect', probes: 1 },
    { last: 'alive', probes: 2 },
    { last: 'lost', probes: 3 },
  ])('may be stopped by who hears of $last', async ({ last, probes }) => {
    const seen: string[] = []
    const pair: Pair = new Pair({
      onEvent: ({ event }) => {
        seen.push(event)
        if (event === last) pair.detector.stop()
      },
    })
    pair.stallPeer(last === 'alive' ? 1_300 : Number.POSITIVE_INFINITY)
    await pair.clock.advance(10_000)
    expect([seen.at(-1), pair.probes, pair.clock.pending]).toEqual([last, probes, 0])
  })

  test('may be stopped by its probe, and hear an answer within it', async () => {
    const stopping: Pair = new Pair({ probe: () => stopping.detector.stop() })
    const answered: Pair = new Pair({ probe: () => answered.detector.heard() })
    await stopping.clock.advance(10_000)
    await answered.clock.advance(10_000)
    expect([stopping.clock.pending, stopping.events]).toEqual([0, []])
    expect([answered.clock.pending, answered.events]).toEqual([1, []])
  })
})

test('no sequence of stalls up to 1 s on either side is taken for the end, a real one always is', async () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 3_000 }),
    who: fc.constantFrom('peer', 'us', 'everything'),
    ms: fc.integer({ min: 1, max: 1_000 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
      const pair = new Pair()
      for (const { afterMs, who, ms } of steps) {
        // Two stalls of the peer in a row are one long one, unless it comes to answer in between.
        await pair.clock.advance(600 + afterMs + (who === 'peer' ? 1_000 : 0))
        if (who === 'peer') pair.stallPeer(ms)
        else pair.clock.stall(who === 'us' ? ms : ms * 5)
      }
      await pair.clock.advance(2_000)
      expect(pair.names()).not.toContain('lost')
      pair.stallPeer(Number.POSITIVE_INFINITY)
      await pair.clock.advance(2_000)
      expect(pair.names()).toContain('lost')
    }),
    modelParameters(),
  )
}, 120_000)
