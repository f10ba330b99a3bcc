import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { RunReport } from '@nac-broker/orchestrator'
import { processIsGone, type ProcessIdentity } from '@nac-broker/run-store'
import { systemClock, VirtualClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { type Lab, startLab } from './lab.fixture.ts'

/**
 * NAC_BROKER_CHAOS_RESUMES: how many orchestrators are killed, default 2. NAC_BROKER_CHAOS_SEED: where
 * the moments come from, default a new one each time, told on failure.
 */
const KILLS = Number(process.env['NAC_BROKER_CHAOS_RESUMES'] ?? 2)
const SEED = Number(process.env['NAC_BROKER_CHAOS_SEED'] ?? Math.floor(systemClock.random() * 1e6))

const MAIN = path.join(import.meta.dirname, '../../orchestrator/src/cli/main.ts')
const WORKER = path.join(import.meta.dirname, 'resume-worker.fixture.ts')
const WORKERS = 2
const ITEMS = 8

function run(lab: Lab, host: string, ...flags: string[]): ChildProcess {
  const config = path.join(lab.directory, `${host}.yaml`)
  const args = ['run', '--config', config, '--workers', String(WORKERS), '--quiet', ...flags]
  const command = ['--', 'node', WORKER, String(ITEMS)]
  return spawn(process.execPath, [MAIN, ...args, ...command], {
    cwd: lab.directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

it.each(['thread', 'process'])(
  `a run whose orchestrator is killed at any moment is resumed, and does each item once (host %s): ${KILLS} kills`,
  { timeout: 30_000 + KILLS * 10_000 },
  async (host) => {
    const random = new VirtualClock(SEED)
    for (let kill = 1; kill <= Math.ceil(KILLS / 2); kill++) {
      const moment = 1 + Math.floor(random.random() * (WORKERS * ITEMS - 1))
      const violations = await killAndResume(host, moment)
      expect(violations, `NAC_BROKER_CHAOS_SEED=${SEED}, kill ${kill}`).toEqual([])
    }
  },
)

/** Kills a run when its device has got that many commands, and resumes it. Returns what must not be. */
async function killAndResume(host: string, moment: number): Promise<string[]> {
  await using lab = await startLab({ devices: 1, latencyMs: 10 })
  const config = `testbed: ${lab.testbedPath}\nbroker: {host: ${host}}\n`
  await writeFile(path.join(lab.directory, `${host}.yaml`), config)
  const first = run(lab, host)
  const exited = once(first, 'exit')
  await lab.commands(moment)
  first.kill('SIGKILL')
  const hadEnded = (await exited)[0] === 0
  const [code] = await once(run(lab, host, '--resume'), 'exit')

  const violations: string[] = []
  const { status, resumed, workers } = await readReport(lab)
  if (code !== 0 || status !== 'COMPLETE') violations.push(`${status}, exit code ${code}`)
  if (!hadEnded && resumed !== 1) violations.push(`resumed ${resumed} times`)
  const items = Array.from({ length: ITEMS }, (_, n) => n + 1).join(' ')
  for (const { name, log = '' } of workers) {
    const output = await readFile(path.join(lab.directory, 'nac-broker-report', log), 'utf8')
    const said = output.match(/^done .*$/gm) ?? []
    // One that had ended when nobody lived to hear of it says once more that it has done all.
    if (said.length === 0 || said.some((line) => line !== `done ${items}`))
      violations.push(`${name}: ${said.join()}`)
  }
  const lines = lab.log.flatMap((entry) => (entry.event === 'command' ? [entry.line] : []))
  const changes = lines.filter((line) => line.startsWith('write'))
  const twice = changes.filter((line, at) => changes.indexOf(line) !== at)
  const journal = await readJournal(lab)
  const alive = journal.flatMap((one) =>
    one.process && !processIsGone(one.process) ? [one.process] : [],
  )
  return [
    ...violations,
    ...startedAfterPassing(journal).map((name) => `${name}: started although it had passed`),
    ...twice.map((line) => `${line}: twice`),
    ...alive.map(({ pid }) => `${pid} lives`),
  ]
}

async function readReport(lab: Lab): Promise<RunReport> {
  const file = path.join(lab.directory, 'nac-broker-report', 'report.json')
  return JSON.parse(await readFile(file, 'utf8')) as RunReport
}

interface JournalLine {
  line: string
  process?: ProcessIdentity
  /** Of a line `attempt`. */
  worker?: string
  /** Of a line `ended`. */
  report?: { name: string; status: string }
}

async function readJournal(lab: Lab): Promise<JournalLine[]> {
  const journal = path.join(lab.directory, 'nac-broker-report', 'journal.jsonl')
  const lines = (await readFile(journal, 'utf8')).split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as JournalLine)
}

function startedAfterPassing(journal: readonly JournalLine[]): string[] {
  return journal.flatMap(({ line, report }, at) => {
    if (line !== 'ended' || report?.status !== 'passed') return []
    const again = journal.slice(at).some((later) => later.worker === report.name)
    return again ? [report.name] : []
  })
}
