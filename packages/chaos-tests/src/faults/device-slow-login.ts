import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** A device takes its time over passwords, and drops who is in, so that somebody has to log in. */
export default fault<{ device: number; loginMs: number; forMs: number }>({
  name: 'device-slow-login',
  draw: (random) => ({
    device: draw(random, 0, 3),
    loginMs: draw(random, 50, 3_000),
    forMs: draw(random, 100, 1_500),
  }),
  async inject({ devices, pause }, { device, loginMs, forMs }, over) {
    const one = devices[device % devices.length]
    if (!one) return
    one.loginLatencyMs = loginMs
    one.dropSessions()
    await pause(forMs, over)
    one.loginLatencyMs = 0
  },
})
