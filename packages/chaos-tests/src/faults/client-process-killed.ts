import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** A client's process is SIGKILLed, in mid-call where it has one. */
export default fault<{ client: number }>({
  name: 'client-process-killed',
  draw: (random) => ({ client: draw(random, 0, 5) }),
  inject: async ({ clients }, { client }) => clients.signal(client, 'SIGKILL'),
})
