import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** The socket's permissions are taken away for a while: who comes meanwhile is not let in, and tries again. */
export default fault<{ forMs: number }>({
  name: 'socket-forbidden',
  draw: (random) => ({ forMs: draw(random, 20, 800) }),
  async inject({ socketFile, pause }, { forMs }, over) {
    await socketFile.forbid()
    await pause(forMs, over)
    await socketFile.permit()
  },
})
