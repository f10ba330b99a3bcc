import { draw } from '../chaos-seed.fixture.ts'
import { pick } from '../schedules/draw-schedule.ts'
import { fault } from './fault.ts'

/** In its start, in a handshake, in mid-change, in a login, while it stops. */
const FAILPOINTS = [
  'host.start.told',
  'broker.start.generation-begun',
  'broker.socket.bound',
  'broker.socket.renamed',
  'broker.client.accepted',
  'broker.client.greets',
  'broker.request.received',
  'broker.request.answered',
  'broker.change.to-be-marked',
  'broker.change.marked',
  'broker.session.opened',
  'broker.flight.lands',
  'store.transaction.done',
  'store.transaction.committed',
  'store.change.answered',
  'store.change.recorded',
  'store.slot.taken',
  'broker.drain.begins',
  'host.stop.done',
]
/** Of one that stalls before it is ready nobody hears for half a minute. */
const BEFORE_READY = /^(host|broker)\.(start|socket)/

/** The broker is killed, and the next one fails at a failpoint. */
export default fault<{ failpoint: string }>({
  name: 'next-broker-fails',
  draw(random) {
    const failpoint = pick(random, FAILPOINTS)
    const stalls = random.random() < 0.3 && !BEFORE_READY.test(failpoint)
    const time = random.random() < 0.5 ? 1 : draw(random, 2, 12)
    return { failpoint: `${failpoint}=${stalls ? 'stall' : 'kill'}@${time}` }
  },
  async inject(world, { failpoint }) {
    world.armNextBroker(failpoint)
    world.killBroker()
  },
})
