import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect } from '@nac-broker/client'
import { bareSshSubject } from '../bare-ssh.ts'
import { compare, type Subject } from '../compare.ts'
import { pinTo, unpin } from '../cores.ts'
import { echoSubject } from '../echo-client.ts'
import { requireNonce } from '../nonce.ts'
import { startProgram } from '../program.ts'
import type { Question, Table } from '../question.ts'
import { summarise } from '../samples.ts'

export const roundTrips: Question = {
  name: 'round-trips',
  asks: 'What does the broker add to what bounds it, a bare round trip and a bare SSH session?',
  async measure({ quick }) {
    const sampling = quick ? { rounds: 10, perRound: 100 } : { rounds: 100, perRound: 200 }
    const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-bench-'))
    const pinned = pinTo(0, process.pid)
    try {
      return await compareIn(directory, sampling, pinned)
    } finally {
      unpin(process.pid)
      await rm(directory, { recursive: true, force: true })
    }
  },
}

async function compareIn(
  directory: string,
  sampling: { rounds: number; perRound: number },
  pinned: boolean,
): Promise<Table[]> {
  const at = (name: string): string => path.join(directory, name)
  await using device = await startProgram('device.ts', at('testbed.yaml'))
  await using broker = await startProgram('broker.ts', at('testbed.yaml'), at('broker.sock'))
  await using echoServer = await startProgram('echo.ts', at('echo.sock'))
  for (const { pid } of [device, broker, echoServer]) pinTo(1, pid)
  await using client = await connect({ socketPath: at('broker.sock') })
  using echo = await echoSubject(at('echo.sock'))
  using bareSsh = await bareSshSubject(at('testbed.yaml'))

  const known = await client.execute('sim-1', 'show nonce bench')
  requireNonce(known, 'bench')
  const cached: Subject = {
    name: 'cached command through the broker',
    async once() {
      const answer = await client.execute('sim-1', 'show nonce bench')
      return () => {
        if (answer.cached && answer.output === known.output) return
        throw new Error(`from the cache came ${JSON.stringify(answer)}`)
      }
    },
  }
  const uncached: Subject = {
    name: 'uncached command, warm session',
    async once() {
      const answer = await client.execute('sim-1', 'show nonce fresh', { cache: false })
      return () => requireNonce(answer, 'fresh')
    },
  }
  const subjects = [echo, cached, bareSsh, uncached]
  const samples = await compare(subjects, sampling)
  const rows = subjects.map(({ name }, index) => ({
    what: name,
    samples: (samples[index] ?? []).map((ms) => ms * 1000),
  }))
  const [echoMs = 0, cachedMs = 0, sshMs = 0, uncachedMs = 0] = samples.map(
    (each) => summarise(each).median,
  )
  const where = pinned ? 'client on one core, the rest on another' : 'no taskset here: expect noise'
  return [
    { title: `One call at a time, ${where}`, unit: 'microseconds', digits: 1, rows },
    {
      title: 'Ratios of the medians',
      unit: 'ratio',
      digits: 2,
      rows: [
        {
          what: 'cached command / bare echo',
          samples: [cachedMs / echoMs],
          bar: 'at most 1.5',
        },
        {
          what: '(uncached command - bare ssh2 shell) / bare echo',
          samples: [(uncachedMs - sshMs) / echoMs],
          bar: 'at most 2',
        },
      ],
    },
  ]
}
