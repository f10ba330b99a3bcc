import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** The broker is killed while the system starts no process and no thread: for a while there is no next one. */
export default fault<{ forMs: number }>({
  name: 'processes-refused',
  draw: (random) => ({ forMs: draw(random, 20, 1_500) }),
  async inject(world, { forMs }, over) {
    world.refuseProcesses(true)
    world.killBroker()
    await world.pause(forMs, over)
    world.refuseProcesses(false)
  },
})
