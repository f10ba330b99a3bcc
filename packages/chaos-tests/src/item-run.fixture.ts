import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { RunReport } from '@nac-broker/orchestrator'
import { processIsGone, type ProcessIdentity } from '@nac-broker/run-store'
import type { Lab } from './lab.fixture.ts'

const MAIN = path.join(import.meta.dirname, '../../orchestrator/src/cli/main.ts')
const WORKER = path.join(import.meta.dirname, 'resume-worker.fixture.ts')
export const WORKERS = 2
export const ITEMS = 8

/** A `nac-broker run` of workers that have items to do, on the lab's device. `config` is that of its broker. */
export async function startItemRun(
  lab: Lab,
  config: string,
  ...flags: readonly string[]
): Promise<ChildProcess> {
  const file = path.join(lab.directory, 'run.yaml')
  await writeFile(file, `testbed: ${lab.testbedPath}\n${config}\n`)
  const args = ['run', '--config', file, '--workers', String(WORKERS), '--quiet', ...flags]
  const command = ['--', 'node', WORKER, String(ITEMS)]
  return spawn(process.execPath, [MAIN, ...args, ...command], {
    cwd: lab.directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** What must not be when it is over, in words. */
export async function violationsOf(lab: Lab, exitCode: number | null): Promise<string[]> {
  const violations: string[] = []
  const { status, workers } = await readReport(lab)
  if (exitCode !== 0 || status !== 'COMPLETE') violations.push(`${status}, exit code ${exitCode}`)
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

export async function readReport(lab: Lab): Promise<RunReport> {
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

/** The processes of the workers that have been started. */
export async function workerPids(lab: Lab): Promise<number[]> {
  const journal = await readJournal(lab)
  return journal.flatMap((one) => (one.line === 'attempt' && one.process ? [one.process.pid] : []))
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
