import { type Clock, systemClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { startTurns } from './start-turns.ts'

interface Starts {
  /** Starts a process, when it may: that takes so long. */
  start: (tookMs: number) => Promise<void>
  pass: (ms: number) => void
  /** How long was paused before those that had to wait. */
  pausesMs: number[]
}

function starts(): Starts {
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
  return {
    pausesMs,
    pass: (ms) => void (nowMs += ms),
    async start(tookMs) {
      await turn()
      nowMs += tookMs
    },
  }
}

/** How long was paused between starts of a crowd that take so long each. */
async function pausesBetween(count: number, tookMs: number): Promise<number[]> {
  const { start, pausesMs } = starts()
  await Promise.all(Array.from({ length: count }, () => start(tookMs)))
  return pausesMs
}

const loopTurned = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

it('a few start right after each other, and a crowd with pauses that grow with what a start takes', async () => {
  expect(await pausesBetween(8, 20)).toEqual([])
  expect(await pausesBetween(10, 1)).toEqual([5, 5])
  expect(await pausesBetween(10, 20)).toEqual([100, 100])
})

it('a machine that hangs for long keeps nobody waiting for longer still', async () => {
  expect(await pausesBetween(9, 60_000)).toEqual([500])
})

it('who comes when the pause is over, as after a worker that ran in between, does not wait', async () => {
  const { start, pass, pausesMs } = starts()
  for (let count = 0; count < 12; count++) {
    // oxlint-disable-next-line no-await-in-loop -- one ends before the next one starts
    await start(20)
    // oxlint-disable-next-line no-await-in-loop -- and the loop turns meanwhile
    await loopTurned()
    pass(200)
  }
  expect(pausesMs).toEqual([])
})

it('who comes in the middle of a pause waits for the rest of it', async () => {
  const { start, pass, pausesMs } = starts()
  await Promise.all(Array.from({ length: 8 }, () => start(20)))
  await loopTurned()
  pass(70)
  await start(20)
  expect(pausesMs).toEqual([30])
})
