import { systemClock } from '@nac-broker/supervisor'
import { executions } from '../../packages/chaos-tests/src/lab.fixture.ts'
import { startLab } from '../lab.ts'
import { requireNonce } from '../nonce.ts'
import type { Question } from '../question.ts'
import { repeat, summarise } from '../samples.ts'

const CLIENTS = 8
const LATENCY_MS = 100

export const singleFlight: Question = {
  name: 'single-flight',
  asks: 'How often is a command executed that eight clients want at once, and who waits for whom?',
  beside: "one client alone, and the device's own log",
  async measure({ quick }) {
    await using lab = await startLab({ latencyMs: LATENCY_MS, logged: true })
    await lab.broker('broker.sock')
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, () => lab.client('broker.sock')),
    )
    let round = 0
    /** How long it takes until all of them have the answer to the same command, a new one each time. */
    const ask = async (askers: typeof clients): Promise<number> => {
      const word = `round-${++round}`
      const startedMs = systemClock.now()
      const answers = await Promise.all(
        askers.map((client) => client.execute('sim-1', `show nonce ${word}`)),
      )
      const tookMs = systemClock.now() - startedMs
      for (const answer of answers) requireNonce(answer, word)
      if (new Set(answers.map(({ output }) => output)).size > 1)
        throw new Error(`the answers differ: ${JSON.stringify(answers)}`)
      return tookMs
    }
    await ask(clients)
    const samples = await repeat(quick ? 3 : 50, async () => ({
      alone: await ask(clients.slice(0, 1)),
      together: await ask(clients),
    }))
    const log = await lab.log()
    const executed = Array.from({ length: round }, (_, i) =>
      executions(log, `show nonce round-${i + 1}`),
    )
    const wrong = executed.find((times) => times !== 1)
    if (wrong !== undefined) throw new Error(`a command was executed ${wrong} times`)
    const alone = samples.map((each) => each.alone)
    const together = samples.map((each) => each.together)
    return [
      {
        title: `A command that takes the device ${LATENCY_MS} ms`,
        unit: 'ms',
        digits: 1,
        rows: [
          { what: 'one client has the answer', samples: alone },
          { what: `all of ${CLIENTS} clients have it`, samples: together },
        ],
      },
      {
        title: 'Ratio of the medians',
        unit: 'ratio',
        digits: 2,
        rows: [
          {
            what: `all of ${CLIENTS} / one`,
            samples: [summarise(together).median / summarise(alone).median],
            bar: 'at most 1.1',
          },
        ],
      },
      {
        title: 'By the log of the device',
        unit: 'executions',
        digits: 0,
        rows: [{ what: 'of each command', samples: executed, bar: '1, or this fails' }],
      },
    ]
  },
}
