import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** The disk that the run's store is on has no room left; the broker may be killed while that is so. */
export default fault<{ forMs: number; kills: boolean }>({
  name: 'disk-full',
  draw: (random) => ({ forMs: draw(random, 20, 3_000), kills: random.random() < 0.3 }),
  async inject(world, { forMs, kills }, over) {
    world.disk.fill()
    if (kills) world.killBroker()
    await world.pause(forMs, over)
    world.disk.free()
  },
})
