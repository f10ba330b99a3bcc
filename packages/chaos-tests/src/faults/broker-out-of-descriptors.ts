import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** The broker's process can open only so many descriptors more: no connection, no session, no file. */
export default fault<{ spare: number; forMs: number }>({
  name: 'broker-out-of-descriptors',
  // A thread's are those of us who judge.
  host: 'process',
  draw: (random) => ({ spare: draw(random, 0, 4), forMs: draw(random, 50, 3_000) }),
  async inject(world, { spare, forMs }, over) {
    world.limitDescriptors(spare)
    await world.pause(forMs, over)
    world.limitDescriptors(undefined)
  },
})
