import type { Subject } from '../compare.ts'
import { echoSubject } from '../echo-client.ts'
import { startLab } from '../lab.ts'
import { manyCalls } from '../many-calls.ts'
import type { Question } from '../question.ts'
import { compareRates, type Rated } from '../rates.ts'
import { cachedCommand } from '../subjects.ts'

const IN_FLIGHT = 32

export const pipelined: Question = {
  name: 'pipelined',
  asks: 'How many cached commands go through one connection, 32 of them at a time?',
  beside: 'the same MessagePack echo, with as many messages under way',
  async measure({ quick }) {
    const { rounds, calls } = quick ? { rounds: 4, calls: 1_000 } : { rounds: 40, calls: 10_000 }
    await using lab = await startLab()
    const broker = await lab.broker('broker.sock')
    const echoServer = await lab.server('echo.ts', lab.at('echo.sock'))
    using echo = await echoSubject(lab.at('echo.sock'))
    const cached = await cachedCommand(await lab.client('broker.sock'))
    const rated = (subject: Subject, server: number | undefined): Rated => ({
      what: subject.name,
      units: calls,
      round: () => manyCalls(subject, { calls, inFlight: IN_FLIGHT }),
      takers: { client: [process.pid], server: [server] },
    })
    return await compareRates(rated(echo, echoServer.pid), rated(cached, broker.pid), {
      title: `One connection, ${IN_FLIGHT} calls in flight`,
      unit: 'calls',
      rounds,
      bar: 'at least 0.6',
    })
  },
}
