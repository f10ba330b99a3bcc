import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/**
 * The broker is closed for good while clients still call, and killed before it has ended. Sometimes it has just been
 * killed when it is closed, and the one that is killed then is the next one, where there is one already.
 */
export default fault<{ lostMs: number | null; afterMs: number }>({
  name: 'broker-killed-closing',
  draw: (random) => ({
    lostMs: random.random() < 0.4 ? draw(random, 0, 400) : null,
    afterMs: draw(random, 0, 60),
  }),
  async inject(world, { lostMs, afterMs }, over) {
    if (lostMs !== null) {
      world.killBroker()
      await world.pause(lostMs, over)
    }
    world.closeBroker()
    await world.pause(afterMs, over)
    world.killBroker()
  },
})
