import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** One more than a restart policy takes. */
const KILLS = 6

/**
 * The broker is killed until it is given up, and a client that then goes to the devices itself is SIGKILLed a
 * little later: in its login, or in its first commands.
 */
export default fault<{ afterMs: number }>({
  name: 'client-process-killed-direct',
  draw: (random) => ({ afterMs: draw(random, 0, 150) }),
  async inject(world, { afterMs }, over) {
    for (let kill = 1; kill <= KILLS && !over.aborted; kill++) {
      const next = world.next('listening', over)
      world.killBroker()
      // oxlint-disable-next-line no-await-in-loop -- each as soon as the next one listens
      if (kill < KILLS) await next
    }
    const client = await world.clients.takeDirect(over)
    if (client === undefined) return
    await world.pause(afterMs, over)
    world.clients.signal(client, 'SIGKILL')
  },
})
