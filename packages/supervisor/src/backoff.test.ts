import { describe, expect, test } from 'vitest'
import { Backoff } from './backoff.ts'
import type { Clock } from './clock.ts'
import { VirtualClock } from './virtual-clock.ts'

/** A virtual clock whose chance is always the same. */
function clockThatDraws(value: number): Clock {
  const clock = new VirtualClock()
  clock.random = () => value
  return clock
}

function draw(seed: number): number[] {
  const backoff = new Backoff(new VirtualClock(seed), { firstMs: 100, maxMs: 1000 })
  return Array.from({ length: 10 }, () => backoff.nextDelayMs())
}

describe('a backoff', () => {
  test('doubles the bound of its delay with each failure, up to the maximum', () => {
    const backoff = new Backoff(clockThatDraws(0.5), { firstMs: 100, maxMs: 1000 })
    const delays = Array.from({ length: 7 }, () => backoff.nextDelayMs())
    expect(delays).toEqual([50, 100, 200, 400, 500, 500, 500])
  })

  test('may draw no delay at all, and never quite the bound: full jitter', () => {
    const options = { firstMs: 100, maxMs: 1000 }
    expect(new Backoff(clockThatDraws(0), options).nextDelayMs()).toBe(0)
    const backoff = new Backoff(new VirtualClock(), options)
    const firsts = Array.from({ length: 1000 }, () => {
      backoff.reset()
      return backoff.nextDelayMs()
    })
    expect(Math.min(...firsts)).toBeLessThan(5)
    expect(Math.max(...firsts)).toBeGreaterThan(95)
    expect(Math.max(...firsts)).toBeLessThan(100)
  })

  test('is never shorter than its floor, which does not move the bound', () => {
    const options = { minMs: 80, firstMs: 100, maxMs: 1000 }
    expect(new Backoff(clockThatDraws(0), options).nextDelayMs()).toBe(80)
    const backoff = new Backoff(clockThatDraws(0.5), options)
    expect([backoff.nextDelayMs(), backoff.nextDelayMs()]).toEqual([90, 140])
    const narrow = new Backoff(clockThatDraws(0.5), { minMs: 80, firstMs: 10, maxMs: 10 })
    expect(narrow.nextDelayMs()).toBe(80)
  })

  test('stays at the maximum after more failures than a number can double', () => {
    const backoff = new Backoff(clockThatDraws(0.5), { firstMs: 100, maxMs: 1000 })
    for (let failure = 0; failure < 2000; failure++) backoff.nextDelayMs()
    expect(backoff.nextDelayMs()).toBe(500)
  })

  test('counts failures until it is reset, and then starts over', () => {
    const backoff = new Backoff(clockThatDraws(0.5), { firstMs: 100, maxMs: 1000 })
    backoff.nextDelayMs()
    backoff.nextDelayMs()
    expect(backoff.failures).toBe(2)
    backoff.reset()
    expect(backoff.failures).toBe(0)
    expect(backoff.nextDelayMs()).toBe(50)
  })

  test('draws the same delays again from the same seed', () => {
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })
})
