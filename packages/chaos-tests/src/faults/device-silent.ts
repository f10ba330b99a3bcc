import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** A device takes longer over each answer than anybody waits, for a while. */
export default fault<{ device: number; forMs: number }>({
  name: 'device-silent',
  draw: (random) => ({ device: draw(random, 0, 3), forMs: draw(random, 50, 1_500) }),
  async inject({ devices, pause }, { device, forMs }, over) {
    const one = devices[device % devices.length]
    if (!one) return
    const { latencyMs } = one
    one.latencyMs = 60_000
    await pause(forMs, over)
    one.latencyMs = latencyMs
  },
})
