import { fault } from './fault.ts'

/**
 * Where the socket was lies one at which nobody listens, as somebody who was killed leaves it; the broker may be
 * killed, too. There is also one before the first broker starts. The next broker takes its place.
 */
export default fault<{ kills: boolean }>({
  name: 'socket-stale',
  draw: (random) => ({ kills: random.random() < 0.7 }),
  async inject(world, { kills }) {
    await world.socketFile.replace('dead socket')
    if (kills) world.killBroker()
  },
})
