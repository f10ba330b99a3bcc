import type { DeviceLogEntry } from '@nac-broker/devices'
import { unpin } from '../cores.ts'
import { startLab } from '../lab.ts'
import type { Test, Tested } from '../programs/test-worker.ts'
import type { Question } from '../question.ts'
import { repeat } from '../samples.ts'

const DEVICES = 4
const COMMANDS = 11
const LATENCY_MS = 5

/** What a run took, and what the devices have seen of it. */
interface Run {
  ms: number
  logins: number
  commands: number
}

export const pooledRun: Question = {
  name: 'pooled-run',
  asks: 'What does a run gain whose workers ask the same things of the same devices?',
  beside: 'the same workers, each with a session of its own',
  async measure({ quick }) {
    const workersPerDevice = quick ? 2 : 11
    const count = DEVICES * workersPerDevice
    await using lab = await startLab({
      devices: DEVICES,
      latencyMs: LATENCY_MS,
      maxSessions: workersPerDevice,
      logged: true,
    })
    await lab.broker('broker.sock')
    // The workers are many, and use all cores as a run's would.
    unpin(process.pid)
    const client = await lab.client('broker.sock')
    const workers = await Promise.all(
      Array.from({ length: count }, () =>
        lab.caller<Tested, Test>('test-worker.ts', lab.at('broker.sock'), lab.testbed),
      ),
    )
    let runs = 0
    const run = async (by: Test['by']): Promise<Run> => {
      const words = Array.from({ length: COMMANDS }, (_, i) => `run-${runs}-${i}`)
      runs++
      const before = (await lab.log()).length
      const tests = await Promise.all(
        workers.map((worker, i) => {
          const commands = words.map((word) => `show nonce ${word}`)
          return worker.ask({ by, device: `sim-${(i % DEVICES) + 1}`, commands })
        }),
      )
      for (const { outputs } of tests) requireAnswers(words, outputs)
      for (let i = 1; i <= DEVICES; i++) await client.disconnect(`sim-${i}`)
      const began = Math.min(...tests.map(({ beganAtMs }) => beganAtMs))
      const ended = Math.max(...tests.map(({ endedAtMs }) => endedAtMs))
      return { ms: ended - began, ...seen((await lab.log()).slice(before)) }
    }
    const pairs = await repeat(quick ? 1 : 20, async () => ({
      direct: await run('itself'),
      pooled: await run('broker'),
    }))
    const direct = pairs.map((pair) => pair.direct)
    const pooled = pairs.map((pair) => pair.pooled)
    requireAlways('logins', direct, count)
    requireAlways('logins', pooled, DEVICES)
    requireAlways('commands', direct, count * COMMANDS)
    requireAlways('commands', pooled, DEVICES * COMMANDS)
    const rows = (figure: keyof Run) => [
      { what: 'each worker connects directly', samples: direct.map((each) => each[figure]) },
      { what: 'through the broker', samples: pooled.map((each) => each[figure]) },
    ]
    return [
      {
        title: `${DEVICES} devices of ${LATENCY_MS} ms, ${count} workers, ${COMMANDS} commands each`,
        unit: 'ms',
        digits: 0,
        rows: rows('ms'),
      },
      {
        title: 'Connections, by the log of the devices',
        unit: 'logins',
        digits: 0,
        rows: rows('logins'),
      },
      {
        title: 'Commands, by the log of the devices',
        unit: 'commands',
        digits: 0,
        rows: rows('commands'),
      },
      {
        title: 'Wall clock',
        unit: 'ratio',
        digits: 2,
        rows: [
          {
            what: 'direct / through the broker, round by round',
            samples: pairs.map((pair) => pair.direct.ms / pair.pooled.ms),
          },
        ],
      },
    ]
  },
}

/** @throws when that is not what the devices saw each time */
function requireAlways(
  figure: 'logins' | 'commands',
  runs: readonly Run[],
  expected: number,
): void {
  const wrong = runs.find((run) => run[figure] !== expected)
  if (wrong) throw new Error(`the devices saw ${wrong[figure]} ${figure}, not ${expected}`)
}

function requireAnswers(words: readonly string[], outputs: readonly string[]): void {
  const wrong = words.find((word, i) => !new RegExp(`^${word} \\d+$`).test(outputs[i] ?? ''))
  if (wrong === undefined && outputs.length === words.length) return
  throw new Error(`${wrong} was answered with ${JSON.stringify(outputs)}`)
}

function seen(log: readonly DeviceLogEntry[]): Pick<Run, 'logins' | 'commands'> {
  const commands = log.filter(
    (entry) => entry.event === 'command' && entry.line.startsWith('show '),
  )
  return { logins: log.filter(({ event }) => event === 'login').length, commands: commands.length }
}
