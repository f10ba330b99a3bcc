import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** A thread in an endless loop; a process SIGSTOPped, and continued when it may have been replaced. */
export default fault<{ forMs: number }>({
  name: 'broker-stalled',
  draw: (random) => ({ forMs: draw(random, 200, 3_000) }),
  async inject(world, { forMs }, over) {
    if (world.host === 'thread') return world.inflict('endless loop')
    world.signalBroker('SIGSTOP')
    await world.pause(forMs, over)
    world.signalBroker('SIGCONT')
  },
})
