import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { supervise } from './supervise.ts'
import { type ControlledRun, controlledServe } from './supervised.fixture.ts'
import type { SuperviseOptions, SupervisionEvent, SupervisionResult } from './supervision.ts'
import { VirtualClock } from './virtual-clock.ts'

const stop = new Error('the user pressed a key')

/** A supervision on a clock that stands still, and all that there is to see of it. */
function supervised(options: SuperviseOptions = {}): {
  clock: VirtualClock
  runs: ControlledRun[]
  events: SupervisionEvent[]
  controller: AbortController
  result: Promise<SupervisionResult>
  lastRun: () => ControlledRun
  delays: () => number[]
} {
  const clock = new VirtualClock()
  const { serve, runs } = controlledServe()
  const events: SupervisionEvent[] = []
  const controller = new AbortController()
  const result = supervise('thing', serve, {
    clock,
    signal: controller.signal,
    onEvent: (event) => events.push(event),
    ...options,
  })
  return {
    clock,
    runs,
    events,
    controller,
    result,
    lastRun() {
      const run = runs.at(-1)
      if (run === undefined) throw new Error('nothing was run')
      return run
    },
    delays: () => events.flatMap((event) => (event.event === 'backing-off' ? event.delayMs : [])),
  }
}

describe('a supervised thing', () => {
  test('that returns is finished, and is not run again', async () => {
    const { runs, result, clock, events } = supervised()
    runs[0]?.ready()
    runs[0]?.finish()
    expect(await result).toEqual({ status: 'finished', crashes: [] })
    await clock.advance(60_000)
    expect(runs).toHaveLength(1)
    expect(events.map(({ event }) => event)).toEqual(['started', 'ready', 'finished'])
    expect(new Set(events.map(({ name }) => name))).toEqual(new Set(['thing']))
  })

  test('that crashes runs again after a pause, and its crash stays in the history', async () => {
    const { runs, clock, events, result } = supervised()
    await clock.advance(40)
    runs[0]?.ready()
    await clock.advance(100)
    const error = new Error('out of ink')
    runs[0]?.crash(error)
    await clock.advance(100)
    expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2])
    runs[1]?.finish()
    const crash = { attempt: 1, error, at: new Date(140), ranMs: 140, readyMs: 100 }
    expect(await result).toEqual({ status: 'finished', crashes: [crash] })
    expect(events.map(({ event }) => event)).toEqual([
      'started',
      'ready',
      'crashed',
      'backing-off',
      'restarted',
      'finished',
    ])
  })

  test('that throws instead of rejecting has crashed all the same', async () => {
    const error = new Error('thrown')
    const serve = (): Promise<void> => {
      throw error
    }
    const result = await supervise('thing', serve, { restart: 'temporary' })
    expect(result).toMatchObject({ status: 'escalated', crashes: [{ error, readyMs: undefined }] })
  })

  test('never runs twice at a time', async () => {
    const { runs, clock } = supervised()
    await clock.advance(60_000)
    expect(runs).toHaveLength(1)
    runs[0]?.crash()
    await clock.advance(60_000)
    expect(runs).toHaveLength(2)
  })
})

describe('the restart policy', () => {
  test('permanent runs a thing again after a clean return, which is no crash', async () => {
    const { runs, clock, controller, result } = supervised({ restart: 'permanent' })
    runs[0]?.finish()
    await clock.advance(100)
    expect(runs).toHaveLength(2)
    controller.abort(stop)
    runs[1]?.finish()
    expect(await result).toEqual({ status: 'cancelled', crashes: [] })
  })

  test('permanent escalates a thing that returns again and again, with no crash to show', async () => {
    const options = { restart: 'permanent', intensity: { maxRestarts: 1, withinMs: 1e9 } } as const
    const { clock, lastRun, result } = supervised(options)
    lastRun().finish()
    await clock.advance(100)
    lastRun().finish()
    expect(await result).toEqual({
      status: 'escalated',
      because: 'restart-intensity',
      crashes: [],
    })
  })

  test('temporary hands the first crash to the caller', async () => {
    const { runs, clock, result } = supervised({ restart: 'temporary' })
    runs[0]?.crash()
    await clock.advance(60_000)
    expect(runs).toHaveLength(1)
    expect(await result).toMatchObject({ status: 'escalated', because: 'temporary' })
  })
})

describe('the pause before a restart', () => {
  test('doubles its bound from 100 ms to 5 s', async () => {
    const intensity = { maxRestarts: 100, withinMs: 1 }
    const { clock, lastRun, delays } = supervised({ intensity })
    clock.random = () => 0.5
    for (let crash = 0; crash < 8; crash++) {
      lastRun().crash()
      await clock.advance(5_000)
    }
    expect(delays()).toEqual([50, 100, 200, 400, 800, 1600, 2500, 2500])
  })

  test.each([
    { readyForMs: 29_999, does: 'goes on doubling', expected: [50, 100] },
    { readyForMs: 30_000, does: 'starts over', expected: [50, 50] },
  ])('$does after $readyForMs ms of being ready', async ({ readyForMs, expected }) => {
    const { clock, lastRun, delays } = supervised()
    clock.random = () => 0.5
    lastRun().crash()
    await clock.advance(50)
    await clock.advance(100_000) // a slow start is not health
    lastRun().ready()
    await clock.advance(readyForMs)
    lastRun().ready() // said twice, it counts from the first time
    lastRun().crash()
    await clock.advance(0)
    expect(delays()).toEqual(expected)
  })

  test.each([
    { healthyMs: 29_999, does: 'goes on doubling', expected: [50, 100] },
    { healthyMs: 30_000, does: 'starts over', expected: [50, 50] },
  ])('$does after $healthyMs ms of health, whatever else it was', async (given) => {
    const { clock, lastRun, delays } = supervised()
    clock.random = () => 0.5
    lastRun().crash()
    await clock.advance(50)
    const run = lastRun()
    run.unhealthy() // a run that is not ready has no health to lose
    run.ready()
    await clock.advance(10_000 + 1_000)
    run.unhealthy(1_000) // found out late
    await clock.advance(60_000)
    run.unhealthy(61_000) // said twice, it counts from the first time
    run.healthy()
    await clock.advance(given.healthyMs - 10_000)
    run.healthy()
    run.unhealthy()
    await clock.advance(60_000) // it takes its time to end
    run.crash()
    await clock.advance(0)
    expect(delays()).toEqual(given.expected)
  })

  test('does not start over after a long run that was never ready', async () => {
    const { clock, lastRun, delays } = supervised()
    clock.random = () => 0.5
    for (let crash = 0; crash < 3; crash++) {
      await clock.advance(100_000)
      lastRun().crash()
    }
    await clock.advance(0)
    expect(delays()).toEqual([50, 100, 200])
  })
})

describe('the sixth restart within 30 s', () => {
  test('escalates instead, with every crash there ever was', async () => {
    const { clock, lastRun, result, events, runs } = supervised()
    lastRun().crash()
    await clock.advance(31_000) // long ago, yet part of the history
    for (let crash = 0; crash < 6; crash++) {
      lastRun().crash()
      await clock.advance(4_000)
    }
    const { status, crashes } = await result
    expect(status).toBe('escalated')
    expect(crashes.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(runs).toHaveLength(7)
    expect(events.slice(-2).map(({ event }) => event)).toEqual(['crashed', 'escalated'])
    expect(clock.pending).toBe(0)
  })

  test('is no such thing when the restarts are further apart', async () => {
    const { clock, lastRun, runs } = supervised()
    for (let crash = 0; crash < 20; crash++) {
      lastRun().crash()
      await clock.advance(6_000)
    }
    expect(runs).toHaveLength(21)
  })
})

describe('cancelling', () => {
  test('before the start runs nothing', async () => {
    const { runs, events, result } = supervised({ signal: AbortSignal.abort(stop) })
    expect(await result).toEqual({ status: 'cancelled', crashes: [] })
    expect(runs).toHaveLength(0)
    expect(events.map(({ event }) => event)).toEqual(['cancelled'])
  })

  test('tells the run why, and waits until it has settled', async () => {
    const { clock, runs, controller, result } = supervised()
    let over = false
    void result.then(() => (over = true))
    controller.abort(stop)
    expect(runs[0]?.signal.reason).toBe(stop)
    await clock.advance(60_000)
    expect(over).toBe(false)
    runs[0]?.finish()
    expect(await result).toEqual({ status: 'cancelled', crashes: [] })
  })

  test('is no crash for the run that rejects because of it, and restarts nothing', async () => {
    for (const error of [stop, new DOMException('aborted', 'AbortError')]) {
      const { clock, runs, controller, result } = supervised({ restart: 'permanent' })
      controller.abort(stop)
      runs[0]?.crash(error)
      expect(await result).toEqual({ status: 'cancelled', crashes: [] })
      await clock.advance(60_000)
      expect(runs).toHaveLength(1)
    }
  })

  test('keeps what else went wrong while the run ended, as no crash', async () => {
    const { runs, controller, result } = supervised()
    controller.abort(stop)
    const failure = new Error('could not flush')
    runs[0]?.crash(failure)
    expect(await result).toEqual({ status: 'cancelled', crashes: [], failure })
  })

  test('ends the pause before a restart at once', async () => {
    const { clock, runs, controller, result } = supervised()
    runs[0]?.crash()
    await clock.advance(0)
    expect(clock.pending).toBe(1)
    controller.abort(stop)
    expect(await result).toMatchObject({ status: 'cancelled', crashes: [{ attempt: 1 }] })
    expect(clock.pending).toBe(0)
    expect(runs).toHaveLength(1)
  })

  test('in the very moment in which the pause is over starts nothing', async () => {
    const { clock, runs, controller, result } = supervised()
    clock.sleep = async () => controller.abort(stop) // over just before the signal could end it
    runs[0]?.crash()
    expect(await result).toMatchObject({ status: 'cancelled' })
    expect(runs).toHaveLength(1)
  })

  test('leaves nothing behind on a signal that outlives the supervision', async () => {
    const { signal } = new AbortController()
    const { clock, lastRun, result } = supervised({ signal })
    lastRun().crash()
    await clock.advance(100)
    lastRun().finish()
    await result
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

test('a run that has ended, or is being ended, is not ready any more', async () => {
  const { clock, runs, controller, events } = supervised()
  runs[0]?.crash()
  await clock.advance(100)
  runs[0]?.ready()
  controller.abort(stop)
  runs[1]?.ready()
  expect(events.map(({ event }) => event)).not.toContain('ready')
})
