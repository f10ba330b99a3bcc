import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** Its thread terminated, its process SIGKILLed; as often as is drawn, each as soon as the next one listens. */
export default fault<{ times: number }>({
  name: 'broker-killed',
  draw: (random) => ({ times: random.random() < 0.7 ? 1 : draw(random, 2, 8) }),
  async inject(world, { times }, over) {
    for (let time = 1; time <= times && !over.aborted; time++) {
      const next = world.next('listening', over)
      world.killBroker()
      if (time < times) await next
    }
  },
})
