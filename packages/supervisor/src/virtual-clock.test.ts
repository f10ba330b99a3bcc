import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { VirtualClock } from './virtual-clock.ts'

function draw(seed: number): number[] {
  const clock = new VirtualClock(seed)
  return Array.from({ length: 1000 }, () => clock.random())
}

describe('a virtual clock', () => {
  test('stands still until it is advanced, and then by exactly as much', async () => {
    const clock = new VirtualClock()
    expect(clock.now()).toBe(0)
    await clock.advance(1500)
    expect(clock.now()).toBe(1500)
    expect(clock.wallTime()).toEqual(new Date(1500))
  })

  test('fires timers in the order of their times, each at its own time', async () => {
    const clock = new VirtualClock()
    const fired: string[] = []
    const start = (name: string, ms: number): void => {
      clock.startTimer(ms, () => fired.push(`${name} at ${clock.now()}`))
    }
    start('late', 30)
    start('early', 10)
    start('early too', 10)
    start('beyond', 31)
    await clock.advance(30)
    expect(fired).toEqual(['early at 10', 'early too at 10', 'late at 30'])
    expect(clock.pending).toBe(1)
  })

  test('fires a timer that a timer started, if that is due as well', async () => {
    const clock = new VirtualClock()
    const fired: number[] = []
    clock.startTimer(10, () => clock.startTimer(10, () => fired.push(clock.now())))
    await clock.advance(25)
    expect(fired).toEqual([20])
  })

  test('lets promises settle between timers', async () => {
    const clock = new VirtualClock()
    const steps: string[] = []
    const twice = async (): Promise<void> => {
      await clock.sleep(10)
      steps.push('slept once')
      await clock.sleep(10)
      steps.push('slept twice')
    }
    clock.startTimer(15, () => steps.push('in between'))
    const done = twice()
    await clock.advance(20)
    expect(steps).toEqual(['slept once', 'in between', 'slept twice'])
    await done
  })

  test('takes a delay below zero for none', async () => {
    const clock = new VirtualClock()
    const fired: number[] = []
    clock.startTimer(-5, () => fired.push(clock.now()))
    await clock.advance(0)
    expect(fired).toEqual([0])
  })

  test('never fires a timer that was cancelled', async () => {
    const clock = new VirtualClock()
    let fired = false
    const timer = clock.startTimer(10, () => (fired = true))
    timer.cancel()
    timer.cancel()
    expect(clock.pending).toBe(0)
    await clock.advance(20)
    expect(fired).toBe(false)
  })

  test('that stalled fires late what came due meanwhile, in order, and never turns back', async () => {
    const clock = new VirtualClock()
    const fired: string[] = []
    for (const ms of [20, 10, 110]) {
      clock.startTimer(ms, () => fired.push(`${ms} at ${clock.now()}`))
    }
    clock.stall(100)
    expect(clock.now()).toBe(100)
    expect(fired).toEqual([])
    await clock.advance(10)
    expect(fired).toEqual(['10 at 100', '20 at 100', '110 at 110'])
  })

  test('draws the same numbers, all in [0, 1), from the same seed', () => {
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
    expect(draw(1).every((value) => value >= 0 && value < 1)).toBe(true)
  })
})

describe('sleeping on a virtual clock', () => {
  test('rejects with the reason of the signal, and starts no timer that stays', async () => {
    const clock = new VirtualClock()
    const reason = new Error('enough')
    const controller = new AbortController()
    const sleep = clock.sleep(10, controller.signal)
    controller.abort(reason)
    await expect(sleep).rejects.toBe(reason)
    expect(clock.pending).toBe(0)
  })

  test('rejects at once when the signal was aborted before', async () => {
    const clock = new VirtualClock()
    const reason = new Error('enough')
    await expect(clock.sleep(10, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(clock.pending).toBe(0)
  })

  test('is over once it is over: a later abort changes nothing', async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    const sleep = clock.sleep(10, controller.signal)
    await clock.advance(10)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    controller.abort()
    await expect(sleep).resolves.toBeUndefined()
  })
})
