import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** A device cuts every connection, in mid-command where there is one. */
export default fault<{ device: number }>({
  name: 'device-drops-sessions',
  draw: (random) => ({ device: draw(random, 0, 3) }),
  async inject({ devices }, { device }) {
    devices[device % devices.length]?.dropSessions()
  },
})
