/**
 * Measures the broker beside what bounds it, in one run on one machine. `--quick` takes fewer samples.
 * Every answer is checked: an error or a wrong output ends the run.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect } from '@nac-broker/client'
import Table from 'cli-table3'
import { bareSshSubject } from './bare-ssh.ts'
import { startChild } from './child.ts'
import { pinTo } from './cores.ts'
import { echoSubject } from './echo-client.ts'
import { compare, type Subject, type Summary } from './samples.ts'

const quick = process.argv.includes('--quick')
const sampling = quick ? { rounds: 20, perRound: 100 } : { rounds: 100, perRound: 200 }
if (!pinTo(0, process.pid)) console.log('not pinned to cores (no taskset): expect noise')

const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-bench-'))
const at = (name: string): string => path.join(directory, name)
try {
  await using _device = await startChild('device-process.ts', at('testbed.yaml'))
  await using _broker = await startChild('broker-process.ts', at('testbed.yaml'), at('broker.sock'))
  await using _echoServer = await startChild('echo-process.ts', at('echo.sock'))
  await using client = await connect({ socketPath: at('broker.sock') })
  using echo = await echoSubject(at('echo.sock'))
  using bareSsh = await bareSshSubject(at('testbed.yaml'))

  const known = await client.execute('sim-1', 'show nonce bench')
  const cached: Subject = {
    name: 'cached command through the broker',
    async once() {
      const answer = await client.execute('sim-1', 'show nonce bench')
      if (!answer.cached || answer.output !== known.output) throw new Error(JSON.stringify(answer))
    },
  }
  const uncached: Subject = {
    name: 'uncached command, warm session',
    async once() {
      const answer = await client.execute('sim-1', 'show nonce fresh', { cache: false })
      if (answer.cached || !/^fresh \d+$/.test(answer.output))
        throw new Error(JSON.stringify(answer))
    },
  }
  const subjects = [echo, cached, bareSsh, uncached]
  const summaries = await compare(subjects, sampling)
  print(subjects, summaries)
  const [echoMs = 0, cachedMs = 0, sshMs = 0, uncachedMs = 0] = summaries.map((s) => s.median)
  report('cached command / bare echo', cachedMs / echoMs, 1.5)
  report('(uncached command - bare ssh2 shell) / bare echo', (uncachedMs - sshMs) / echoMs, 2)
} finally {
  await rm(directory, { recursive: true, force: true })
}

function print(subjects: readonly Subject[], summaries: readonly Summary[]): void {
  const table = new Table({
    head: ['microseconds', 'min', 'median', 'p99'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  })
  for (const [index, { min, median, p99 }] of summaries.entries()) {
    table.push([
      subjects[index]?.name ?? '',
      ...[min, median, p99].map((ms) => (ms * 1000).toFixed(1)),
    ])
  }
  console.log(table.toString())
}

function report(what: string, ratio: number, bar: number): void {
  console.log(`${what}: ${ratio.toFixed(2)} (should be at most ${bar})`)
}
