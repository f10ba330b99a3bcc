import { VirtualClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { Turns } from './turns.ts'

function scene(atOnce: number) {
  const clock = new VirtualClock()
  const turns = new Turns(atOnce, clock)
  const done: number[] = []
  const pieces = (count: number) => Array.from({ length: count }, (_, n) => () => void done.push(n))
  return { clock, turns, done, pieces }
}

it('does a few at once and the next a millisecond later, in their order', async () => {
  const { clock, turns, done, pieces } = scene(4)
  turns.add(pieces(10))
  expect(done).toEqual([0, 1, 2, 3])
  await clock.advance(1)
  expect(done).toHaveLength(8)
  await clock.advance(1)
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

it('does what comes meanwhile after what waits', async () => {
  const { clock, turns, done, pieces } = scene(2)
  turns.add(pieces(3))
  turns.add([() => void done.push(99)])
  await clock.advance(1)
  expect(done).toEqual([0, 1, 2, 99])
})

it('takes no more than 30 turns, however much there is', async () => {
  const { clock, turns, done, pieces } = scene(4)
  turns.add(pieces(3_000))
  await clock.advance(28)
  expect(done.length).toBeLessThan(3_000)
  await clock.advance(1)
  expect(done).toHaveLength(3_000)
})

it('does the rest when it is to finish, and nothing twice', async () => {
  const { clock, turns, done, pieces } = scene(4)
  turns.add(pieces(10))
  turns.finish()
  await clock.advance(5)
  expect(done).toHaveLength(10)
})
