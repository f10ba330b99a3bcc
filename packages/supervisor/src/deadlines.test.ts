import { describe, expect, test } from 'vitest'
import { Deadlines } from './deadlines.ts'
import { VirtualClock } from './virtual-clock.ts'

interface Waiting {
  deadlineMs: number
  expire: () => void
}

function startAt(): { clock: VirtualClock; deadlines: Deadlines; over: number[]; until: Until } {
  const clock = new VirtualClock()
  const deadlines = new Deadlines(clock)
  const over: number[] = []
  const until = (deadlineMs: number): Waiting => {
    const waiting = { deadlineMs, expire: () => void over.push(deadlineMs) }
    deadlines.add(waiting)
    return waiting
  }
  return { clock, deadlines, over, until }
}

type Until = (deadlineMs: number) => Waiting

describe('many deadlines', () => {
  test('each passes at its time and not before, whatever order they came in', async () => {
    const { clock, over, until } = startAt()
    for (const ms of [300, 100, 200]) until(ms)
    await clock.advance(99)
    expect(over).toEqual([])
    await clock.advance(1)
    expect(over).toEqual([100])
    await clock.advance(100)
    expect(over).toEqual([100, 200])
    await clock.advance(100)
    expect(over).toEqual([100, 200, 300])
  })

  test('have one timer, and none when all have passed', async () => {
    const { clock, until } = startAt()
    for (let ms = 1_000; ms > 0; ms--) until(ms)
    expect(clock.pending).toBe(1)
    await clock.advance(1_010)
    expect(clock.pending).toBe(0)
  })

  test('of what was taken out never pass', async () => {
    const { clock, deadlines, over, until } = startAt()
    const first = until(100)
    until(150)
    deadlines.delete(first)
    await clock.advance(200)
    expect(over).toEqual([150])
  })

  test('are looked at no more often than every 5 ms, and pass all the same', async () => {
    const { clock, over, until } = startAt()
    for (const ms of [100, 101, 102, 103, 104]) until(ms)
    await clock.advance(104)
    expect(over).toEqual([100])
    await clock.advance(1)
    expect(over).toEqual([100, 101, 102, 103, 104])
  })

  test('that have passed already do so in another turn', async () => {
    const { clock, over, until } = startAt()
    await clock.advance(50)
    until(10)
    expect(over).toEqual([])
    await clock.advance(0)
    expect(over).toEqual([10])
  })

  test('a timer that fires a fraction of a millisecond early misses none', async () => {
    const clock = new VirtualClock()
    const hasty = Object.assign(Object.create(clock) as VirtualClock, {
      now: () => clock.now(),
      startTimer: (ms: number, callback: () => void) => clock.startTimer(ms * 0.999, callback),
    })
    const deadlines = new Deadlines(hasty)
    let over = 0
    deadlines.add({ deadlineMs: 1_000, expire: () => over++ })
    await clock.advance(999)
    expect(over).toBe(0)
    await clock.advance(10)
    expect(over).toBe(1)
  })

  test('have no timer when nothing will wait any more', () => {
    const { clock, deadlines, until } = startAt()
    until(100)
    deadlines.stop()
    expect(clock.pending).toBe(0)
  })
})
