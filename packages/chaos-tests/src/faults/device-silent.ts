import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

const SILENT_MS = 60_000

/** A device takes longer over each answer than anybody waits, for a while. */
export default fault<{ device: number; forMs: number }>({
  name: 'device-silent',
  draw: (random) => ({ device: draw(random, 0, 3), forMs: draw(random, 50, 1_500) }),
  async inject({ devices, pause }, { device, forMs }, over) {
    const one = devices[device % devices.length]
    // One that is silent already has nothing to come back to.
    if (!one || one.latencyMs === SILENT_MS) return
    const { latencyMs } = one
    one.latencyMs = SILENT_MS
    await pause(forMs, over)
    one.latencyMs = latencyMs
  },
})
