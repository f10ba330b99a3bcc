import type { BrokerClient } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'
import { startLab } from '../lab.ts'
import { requireNonce } from '../nonce.ts'
import type { Question, Row } from '../question.ts'
import { repeat, summarise } from '../samples.ts'
import { cachedCommand } from '../subjects.ts'

/** A ping, and a cached command of a device that is well. */
interface Pair {
  ping: number
  cached: number
}

interface Round {
  undisturbed: Pair[]
  disturbed: Pair[]
}

export const hangingDevice: Question = {
  name: 'hanging-device',
  asks: 'Does anybody notice that another device hangs in its login, and a third in a command?',
  beside: 'the same calls while no device hangs',
  async measure({ quick }) {
    const hangMs = quick ? 300 : 5_000
    const { rounds, pairs } = quick ? { rounds: 1, pairs: 300 } : { rounds: 12, pairs: 5_000 }
    await using lab = await startLab({
      devices: 3,
      slow: { 'sim-2': { loginLatencyMs: hangMs }, 'sim-3': { latencyMs: hangMs } },
    })
    await lab.broker('broker.sock')
    const client = await lab.client('broker.sock')
    const other = await lab.client('broker.sock')
    const command = await cachedCommand(client)
    const sample = async (): Promise<Pair> => {
      const ping = await client.ping()
      const startedMs = systemClock.now()
      const check = await command.once()
      const cached = systemClock.now() - startedMs
      check()
      return { ping: ping * 1000, cached: cached * 1000 }
    }
    await other.connect('sim-3')
    await repeat(pairs, sample)
    const samples: Round[] = await repeat(rounds, async () => {
      const undisturbed = await repeat(pairs, sample)
      const hanging = hang(other)
      const disturbed: Pair[] = []
      while (hanging.isSo && disturbed.length < pairs) disturbed.push(await sample())
      await hanging.over
      await other.disconnect('sim-2')
      return { undisturbed, disturbed }
    })
    return (['ping', 'cached'] as const).flatMap((what) => {
      const of = (when: keyof Round): number[] =>
        samples.flatMap((round) => round[when].map((pair) => pair[what]))
      const ratio = (figure: 'median' | 'p99', bar: string): Row => ({
        what: `${figure}, disturbed / undisturbed, round by round`,
        samples: samples.map(({ disturbed, undisturbed }) => {
          const [one, two] = [disturbed, undisturbed].map(
            (each) => summarise(each.map((pair) => pair[what]))[figure],
          )
          return (one ?? 0) / (two ?? 0)
        }),
        bar,
      })
      const title = what === 'ping' ? 'A ping' : "Another device's cached command"
      return [
        {
          title,
          unit: 'microseconds',
          digits: 1,
          rows: [
            { what: 'undisturbed', samples: of('undisturbed') },
            { what: 'while two devices hang', samples: of('disturbed') },
          ],
        },
        {
          title: `${title}: ratios`,
          unit: 'ratio',
          digits: 2,
          rows: [ratio('median', 'median at most 1.2'), ratio('p99', 'median at most 1.5')],
        },
      ]
    })
  },
}

/** Both devices hang from now on, until each has answered in the end. */
function hang(client: BrokerClient): { readonly isSo: boolean; over: Promise<unknown> } {
  let hanging = 2
  const until = async (device: string): Promise<void> => {
    const answer = await client.execute(device, 'show nonce late', { cache: false })
    hanging--
    requireNonce(answer, 'late')
  }
  const over = Promise.all([until('sim-2'), until('sim-3')])
  return {
    get isSo() {
      return hanging === 2
    },
    over,
  }
}
