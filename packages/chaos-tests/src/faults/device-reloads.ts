import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** A device goes away and comes back; sometimes with another host key. */
export default fault<{ device: number; awayMs: number; newKey: boolean }>({
  name: 'device-reloads',
  draw: (random) => ({
    device: draw(random, 0, 3),
    awayMs: draw(random, 10, 1_500),
    newKey: random.random() < 0.15,
  }),
  async inject({ devices, pause }, { device, awayMs, newKey }, over) {
    const one = devices[device % devices.length]
    if (newKey) one?.changeHostKey()
    await one?.stop()
    await pause(awayMs, over)
    await one?.start()
  },
})
