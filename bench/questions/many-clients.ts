import { type Lab, startLab } from '../lab.ts'
import type { Calls, Span } from '../programs/calling-client.ts'
import type { Question, Table } from '../question.ts'
import { compareRates, type Rated } from '../rates.ts'

interface Effort {
  processes: number
  rounds: number
  /** Of all processes together, in a round. */
  calls: number
  warmUpRounds: number
}

export const manyClients: Question = {
  name: 'many-clients',
  asks: 'How many cached commands does a broker answer that has many client processes?',
  beside: 'the same MessagePack echo, asked by the same processes',
  async measure({ quick }) {
    await using lab = await startLab()
    const efforts: Effort[] = quick
      ? [{ processes: 4, rounds: 2, calls: 800, warmUpRounds: 0 }]
      : [
          { processes: 8, rounds: 30, calls: 16_000, warmUpRounds: 3 },
          { processes: 64, rounds: 8, calls: 32_000, warmUpRounds: 2 },
        ]
    const broker = await lab.broker('broker.sock')
    const echo = await lab.server('echo.ts', lab.at('echo.sock'))
    const tables = []
    for (const effort of efforts) tables.push(await askedBy(lab, effort, { broker, echo }))
    return tables.flat()
  },
}

async function askedBy(
  lab: Lab,
  { processes, rounds, calls, warmUpRounds }: Effort,
  servers: Record<Calls['to'], { pid: number | undefined }>,
): Promise<Table[]> {
  await using stack = new AsyncDisposableStack()
  const clients = await Promise.all(
    Array.from({ length: processes }, async () => {
      const sockets = [lab.at('echo.sock'), lab.at('broker.sock')]
      return stack.use(await lab.caller<Span, Calls>('calling-client.ts', ...sockets))
    }),
  )
  const rated = (what: string, to: Calls['to']): Rated => ({
    what,
    units: calls,
    async round() {
      const each = { to, calls: calls / processes }
      const spans = await Promise.all(clients.map((client) => client.ask(each)))
      const began = Math.min(...spans.map(({ beganAtMs }) => beganAtMs))
      return Math.max(...spans.map(({ endedAtMs }) => endedAtMs)) - began
    },
    takers: { 'all clients': clients.map(({ pid }) => pid), server: [servers[to].pid] },
  })
  return await compareRates(
    rated('bare MessagePack echo', 'echo'),
    rated('cached command through the broker', 'broker'),
    {
      title: `${processes} client processes, each with one call at a time`,
      unit: 'calls',
      rounds,
      warmUpRounds,
      bar: 'at least 0.7',
    },
  )
}
