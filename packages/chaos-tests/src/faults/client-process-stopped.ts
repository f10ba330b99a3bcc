import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** A client's process is SIGSTOPped and continued, when the broker may have forgotten it or its calls be overdue. */
export default fault<{ client: number; forMs: number }>({
  name: 'client-process-stopped',
  draw: (random) => ({ client: draw(random, 0, 5), forMs: draw(random, 50, 4_000) }),
  async inject({ clients, pause }, { client, forMs }, over) {
    clients.signal(client, 'SIGSTOP')
    await pause(forMs, over)
    clients.signal(client, 'SIGCONT')
  },
})
