import { type Clock, systemClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { startTurns } from './start-turns.ts'

/** How long was paused between starts that take so long each. */
async function pausesBetween(starts: number, tookMs: number): Promise<number[]> {
  let nowMs = 0
  const pausesMs: number[] = []
  const clock: Clock = {
    ...systemClock,
    now: () => nowMs,
    async sleep(delayMs) {
      pausesMs.push(delayMs)
      nowMs += delayMs
    },
  }
  const turn = startTurns(clock)
  const start = async (): Promise<void> => {
    await turn()
    nowMs += tookMs
  }
  await Promise.all(Array.from({ length: starts }, start))
  return pausesMs
}

it('a few start right after each other, and a crowd with pauses that grow with what a start takes', async () => {
  expect(await pausesBetween(8, 20)).toEqual([])
  expect(await pausesBetween(10, 1)).toEqual([5, 5])
  expect(await pausesBetween(10, 20)).toEqual([100, 100])
})

it('a machine that hangs for long keeps nobody waiting for longer still', async () => {
  expect(await pausesBetween(9, 60_000)).toEqual([500])
})
