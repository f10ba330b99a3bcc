import { VirtualClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { watchLimits } from './worker-limits.ts'

it('ends a worker that was silent for as long as it may be, counted from its last sign', async () => {
  const clock = new VirtualClock()
  let sign = clock.wallTime()
  using limits = watchLimits(
    { timeoutMs: undefined, idleTimeoutMs: 1_000 },
    { clock, lastSign: () => sign },
  )
  await clock.advance(700)
  sign = clock.wallTime()
  await clock.advance(999)
  expect(limits.exceeded.aborted).toBe(false)
  await clock.advance(1)
  expect(limits.exceeded.reason).toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    message: 'silent for 1 s',
  })
})

it('looks for a sign only when the time could be over', async () => {
  const clock = new VirtualClock()
  let looked = 0
  const lastSign = (): Date => {
    looked++
    return clock.wallTime()
  }
  using _ = watchLimits({ timeoutMs: undefined, idleTimeoutMs: 1_000 }, { clock, lastSign })
  await clock.advance(10_000)
  expect(looked).toBe(10)
})

it('looks again in time although the calendar was set back', async () => {
  const clock = new VirtualClock()
  let sign = new Date(86_400_000)
  using limits = watchLimits(
    { timeoutMs: undefined, idleTimeoutMs: 1_000 },
    { clock, lastSign: () => sign },
  )
  await clock.advance(1_000)
  sign = new Date(0)
  await clock.advance(1_000)
  expect(limits.exceeded.aborted).toBe(true)
})

it('bounds the whole time of a worker that is not silent', async () => {
  const clock = new VirtualClock()
  using limits = watchLimits(
    { timeoutMs: 5_000, idleTimeoutMs: 1_000 },
    { clock, lastSign: () => clock.wallTime() },
  )
  await clock.advance(5_000)
  expect(limits.exceeded.reason).toMatchObject({ message: 'not finished after 5 s' })
})

it('leaves no timer behind', () => {
  const clock = new VirtualClock()
  watchLimits({ timeoutMs: 5, idleTimeoutMs: 5 }, { clock, lastSign: () => new Date(0) })[
    Symbol.dispose
  ]()
  expect(clock.pending).toBe(0)
})
