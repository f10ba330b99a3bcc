import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { compare, type Subject } from '../compare.ts'
import { startLab } from '../lab.ts'
import { type Question, Skipped } from '../question.ts'
import { summarise } from '../samples.ts'
import { cachedCommand, uncachedCommand } from '../subjects.ts'

const exec = promisify(execFile)
const NAC_BROKER = path.join(import.meta.dirname, '../../packages/orchestrator/src/cli/main.ts')

/** Nobody's configuration, keys or known hosts. */
const NO_CONFIGURATION = [
  'StrictHostKeyChecking=no',
  'UserKnownHostsFile=/dev/null',
  'LogLevel=ERROR',
  'BatchMode=yes',
].flatMap((option) => ['-o', option])

export const shell: Question = {
  name: 'shell',
  asks: 'What does one command cost a shell script, and what a worker?',
  beside: "OpenSSH's `ssh`, afresh and over a ControlMaster, and a Node that does nothing",
  async measure({ quick }) {
    await exec('ssh', ['-V']).catch(() => {
      throw new Skipped('there is no ssh here (apt-get install openssh-client)')
    })
    await using lab = await startLab()
    await lab.broker('broker.sock')
    const server = await lab.server<number, 'port'>('ssh-server.ts')
    const address = ['-p', String(await server.ask('port')), 'nobody@127.0.0.1']
    const ssh = (...more: string[]): string[] => [
      '-F',
      'none',
      ...NO_CONFIGURATION,
      ...more,
      ...address,
    ]
    const shared = ['-o', `ControlPath=${lab.at('master')}`]
    await exec('ssh', ssh(...shared, '-M', '-f', '-N'))
    try {
      const client = await lab.client('broker.sock')
      const socket = ['--socket', lab.at('broker.sock')]
      const nacBroker = [NAC_BROKER, 'exec', 'sim-1', 'show nonce shell', ...socket]
      const subjects = [
        run('a fresh ssh', 'ssh', [...ssh(), 'show nonce shell']),
        run('ssh over ControlMaster', 'ssh', [...ssh(...shared), 'show nonce shell']),
        run('nac-broker exec, from the cache', process.execPath, nacBroker),
        run('nac-broker exec --no-cache', process.execPath, [...nacBroker, '--no-cache']),
        run('node that does nothing', process.execPath, ['-p', '"shell 1"']),
      ]
      const worker = [
        { ...(await cachedCommand(client)), name: 'a worker: cached command' },
        { ...uncachedCommand(client), name: 'a worker: uncached command' },
      ]
      const sampling = quick ? { rounds: 1, perRound: 1 } : { rounds: 30, perRound: 1 }
      const samples = [
        ...(await compare(subjects, { ...sampling, warmUpRounds: quick ? 0 : 3 })),
        ...(await compare(worker, { rounds: quick ? 2 : 30, perRound: 50, warmUpRounds: 3 })),
      ]
      const median = (index: number): number => summarise(samples[index] ?? []).median
      return [
        {
          title: 'One command',
          unit: 'ms',
          digits: 2,
          rows: [...subjects, ...worker].map(({ name }, i) => ({
            what: name,
            samples: samples[i] ?? [],
          })),
        },
        {
          title: 'Ratios of the medians',
          unit: 'ratio',
          digits: 1,
          rows: [
            {
              what: 'ssh over ControlMaster / a worker, uncached',
              samples: [median(1) / median(6)],
              bar: 'at least 50',
            },
            {
              what: 'ssh over ControlMaster / a worker, cached',
              samples: [median(1) / median(5)],
              bar: 'at least 50',
            },
            { what: 'nac-broker exec --no-cache / a fresh ssh', samples: [median(3) / median(0)] },
          ],
        },
      ]
    } finally {
      await exec('ssh', ssh(...shared, '-O', 'exit'))
    }
  },
}

function run(name: string, file: string, args: readonly string[]): Subject {
  return {
    name,
    async once() {
      const { stdout } = await exec(file, args)
      return () => {
        if (!/^shell \d+\n$/.test(stdout)) throw new Error(`${name} printed ${stdout}`)
      }
    },
  }
}
