import { draw } from '../chaos-seed.fixture.ts'
import { pick } from '../schedules/draw-schedule.ts'
import { fault } from './fault.ts'

/** Longer than any caller waits, or so that the answer comes when its command has just timed out. */
const LATE_MS = [60_000, 3_300] as const

/** A device takes too long over each answer, for a while. */
export default fault<{ device: number; answersAfterMs: number; forMs: number }>({
  name: 'device-silent',
  draw: (random) => ({
    device: draw(random, 0, 3),
    answersAfterMs: pick(random, LATE_MS),
    forMs: draw(random, 50, 1_500),
  }),
  async inject({ devices, pause }, { device, answersAfterMs, forMs }, over) {
    const one = devices[device % devices.length]
    const { latencyMs = 0 } = one ?? {}
    // One that is silent already has nothing to come back to.
    if (!one || LATE_MS.some((ms) => ms === latencyMs)) return
    one.latencyMs = answersAfterMs
    await pause(forMs, over)
    one.latencyMs = latencyMs
  },
})
