import { describe, expect, test } from 'vitest'
import {
  FailureDetector,
  type UnitEvent,
  type WatchedUnit,
  type Watcher,
} from './failure-detector.ts'
import { VirtualClock } from './virtual-clock.ts'

const device = { name: 'device r1', kind: 'device' }

function detectorOf(): {
  clock: VirtualClock
  detector: FailureDetector
  events: UnitEvent[]
} {
  const clock = new VirtualClock()
  const events: UnitEvent[] = []
  const detector = new FailureDetector({ clock, onEvent: (event) => events.push(event) })
  return { clock, detector, events }
}

/** A watcher that counts how often it watches, and whose unit a test may speak for. */
function watcherOf(): { watch: Watcher; watching: () => number; units: WatchedUnit[] } {
  const units: WatchedUnit[] = []
  let watching = 0
  return {
    units,
    watching: () => watching,
    watch: (unit) => {
      units.push(unit)
      watching++
      return () => void watching--
    },
  }
}

describe('a death', () => {
  test.each(['starting', 'ready', 'busy', 'idle'] as const)(
    'of a unit that is %s is told once, with its cause',
    (state) => {
      const { detector, events } = detectorOf()
      detector.start(device)
      if (state !== 'starting') detector.tell(device.name, state)
      events.length = 0
      detector.fail(device.name, 'connection reset')
      detector.fail(device.name, 'keepalive unanswered')
      expect(events).toEqual([{ ...device, state: 'failed', cause: 'connection reset' }])
    },
  )

  test('of a unit that was told to stop is its stop', () => {
    const { detector, events } = detectorOf()
    detector.start(device)
    detector.tell(device.name, 'stopping')
    detector.fail(device.name, 'connection reset')
    expect(events.map(({ state }) => state)).toEqual(['starting', 'stopping', 'stopped'])
  })

  test('of a unit that nobody has started is nothing', () => {
    const { detector, events } = detectorOf()
    detector.fail('device r2', 'connection reset')
    expect(events).toEqual([])
    expect(detector.status()).toEqual([])
  })
})

describe('a watcher', () => {
  test('is attached while its unit is live and cancelled when that ends, however it does', () => {
    const { detector } = detectorOf()
    const { watch, watching } = watcherOf()
    for (const end of ['stopping', 'stopped', 'failed'] as const) {
      detector.start(device, watch)
      expect(watching()).toBe(1)
      detector.tell(device.name, 'busy')
      expect(watching()).toBe(1)
      if (end === 'failed') detector.fail(device.name, 'gone')
      else detector.tell(device.name, end)
      expect(watching()).toBe(0)
      detector.tell(device.name, 'stopped')
    }
  })

  test('that was cancelled has no say in the next life of its unit', () => {
    const { detector, events } = detectorOf()
    const { watch, units } = watcherOf()
    detector.start(device, watch)
    detector.tell(device.name, 'stopped')
    detector.start(device, watch)
    units[0]?.fail('of an earlier life')
    expect(events.at(-1)?.state).toBe('starting')
    units[1]?.fail('of this one')
    expect(events.at(-1)).toMatchObject({ state: 'failed', cause: 'of this one' })
  })

  test('that finds its unit dead at once is cancelled all the same', () => {
    const { detector, events } = detectorOf()
    let cancelled = 0
    detector.start(device, (unit) => {
      unit.fail('was never there')
      return () => void cancelled++
    })
    expect(events.map(({ state }) => state)).toEqual(['starting', 'failed'])
    expect(cancelled).toBe(1)
  })

  test('is cancelled with the detector', () => {
    const { detector } = detectorOf()
    const { watch, watching } = watcherOf()
    detector.start(device, watch)
    detector[Symbol.dispose]()
    expect(watching()).toBe(0)
  })
})

describe('a unit that flaps', () => {
  function flap(detector: FailureDetector, times: number): void {
    for (let time = 0; time < times; time++) {
      detector.start(device)
      detector.tell(device.name, 'ready')
      detector.fail(device.name, `reset ${time}`)
    }
  }

  test('is told of so often in a second, then once how it is and how much that stands for', async () => {
    const { clock, detector, events } = detectorOf()
    flap(detector, 1_000)
    expect(events.length).toBeLessThanOrEqual(20)
    const told = events.length + events.reduce((sum, { folded = 0 }) => sum + folded, 0)
    await clock.advance(1_000)
    const last = events.at(-1)
    expect(last).toMatchObject({ state: 'failed', cause: 'reset 999', folded: 3_000 - told - 1 })
    expect(clock.pending).toBe(0)
  })

  test('does not hold up the news of another', () => {
    const { detector, events } = detectorOf()
    flap(detector, 100)
    const other = { name: 'device r2', kind: 'device' }
    detector.start(other)
    detector.fail(other.name, 'reset')
    expect(events.at(-1)).toEqual({ ...other, state: 'failed', cause: 'reset' })
  })

  test('by being busy and idle only has its death told at once', () => {
    const { clock, detector, events } = detectorOf()
    detector.start(device)
    for (let time = 0; time < 100; time++) {
      detector.tell(device.name, 'busy')
      detector.tell(device.name, 'idle')
    }
    detector.fail(device.name, 'reset')
    expect(events.at(-1)).toMatchObject({ state: 'failed', cause: 'reset', folded: 191 })
    expect(clock.pending).toBe(0)
  })
})

test('ten thousand clean stops tell of no failure and leave nothing watched', () => {
  const { clock, detector, events } = detectorOf()
  const { watch, watching, units } = watcherOf()
  for (let time = 0; time < 10_000; time++) {
    const unit = { name: `session ${time}`, kind: 'device' }
    detector.start(unit, watch)
    detector.tell(unit.name, 'busy')
    detector.tell(unit.name, 'idle')
    detector.tell(unit.name, 'stopping')
    // What is told to stop closes its socket, which whoever watches that socket takes for its end.
    units[time]?.fail('connection closed')
    detector.fail(unit.name, 'connection closed')
    detector.tell(unit.name, 'stopped')
    // The news of it may come late.
    units[time]?.fail('connection closed')
    detector.fail(unit.name, 'connection closed')
  }
  expect(events.filter(({ state }) => state === 'failed')).toEqual([])
  expect(watching()).toBe(0)
  expect(clock.pending).toBe(0)
  expect(new Set(detector.status().map(({ state }) => state))).toEqual(new Set(['stopped']))
})
