import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile, readlink, realpath, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { RunReport } from '@nac-broker/orchestrator'
import { openRunStore, processIsGone, type ProcessIdentity } from '@nac-broker/run-store'
import { executions, type Lab } from './lab.fixture.ts'
import type { Progress } from './resume-worker.fixture.ts'

const MAIN = path.join(import.meta.dirname, '../../orchestrator/src/cli/main.ts')
const WORKER = path.join(import.meta.dirname, 'resume-worker.fixture.ts')
export const WORKERS = 2
export const ITEMS = 8

interface ItemRunOptions {
  resume?: boolean
  /** At which it fails, in the words of NAC_BROKER_FAILPOINTS. */
  failpoint?: string | undefined
}

/** A `nac-broker run` of workers that have items to do, on the lab's device. `config` is that of its broker. */
export async function startItemRun(
  lab: Lab,
  config: string,
  { resume = false, failpoint }: ItemRunOptions = {},
): Promise<ChildProcess> {
  const file = path.join(lab.directory, 'run.yaml')
  await writeFile(file, `testbed: ${lab.testbedPath}\n${config}\n`)
  const args = ['run', '--config', file, '--workers', String(WORKERS), '--quiet']
  if (resume) args.push('--resume')
  const command = ['--', 'node', WORKER, String(ITEMS)]
  return spawn(process.execPath, [MAIN, ...args, ...command], {
    cwd: lab.directory,
    env: { ...process.env, ...(failpoint !== undefined && { NAC_BROKER_FAILPOINTS: failpoint }) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** What is to be said of a run when it is over. */
export interface Verdict {
  /** What must not be, in words. */
  violations: string[]
  /** Workers, one for each item of which they said that nobody knows whether it was done. */
  unknown: string[]
}

/** Judges by the device's own log, by what the workers said last, and by who is still there. */
export async function verdictOn(lab: Lab, exitCode: number | null): Promise<Verdict> {
  const violations: string[] = []
  const unknown: string[] = []
  const { runId, status, workers } = await readReport(lab)
  if (exitCode !== 0 || status !== 'COMPLETE') violations.push(`${status}, exit code ${exitCode}`)
  if (workers.length !== WORKERS) violations.push(`${workers.length} workers in the report`)
  await using store = await openRunStore(reportFile(lab, `run-${runId}.store`))
  for (const worker of workers) {
    const { name, log = '' } = worker
    if (worker.status !== 'passed') violations.push(`${name}: ${worker.status}`)
    const last = (await store.checkpoints.last(name)) as Progress | undefined
    const progress = last ?? { done: [], unknown: [] }
    unknown.push(...progress.unknown.map(() => name))
    violations.push(...misdone(lab, name, progress))
    const printed = (await readFile(reportFile(lab, log), 'utf8')).match(/^\{.*$/gm) ?? []
    // One that had ended when nobody lived to hear of it says it once more.
    if (printed.length === 0 || printed.some((line) => line !== JSON.stringify(progress)))
      violations.push(`${name}: printed ${printed.join()}, not ${JSON.stringify(progress)}`)
  }
  const journal = await readJournal(lab)
  const again = startedAfterPassing(journal)
  violations.push(...again.map((name) => `${name}: started although it had passed`))
  for (const pid of await livingIn(lab, journal)) violations.push(`${pid} lives`)
  return { violations, unknown }
}

/** Items that the device did not get exactly once; of those of unknown outcome, more than once. */
function misdone(lab: Lab, worker: string, { done, unknown }: Progress): string[] {
  const all = Array.from({ length: ITEMS }, (_, at) => at + 1)
  return all.flatMap((item) => {
    const line = `write nonce ${worker}.${item}`
    const times = executions(lab.log, line)
    const claims = [...done, ...unknown].filter((one) => one === item).length
    if (claims !== 1) return [`${line}: ${claims} times in the checkpoint`]
    const isRight = done.includes(item) ? times === 1 : times <= 1
    return isRight ? [] : [`${line}: ${times} times`]
  })
}

/** Processes that the lab's runs have started, whatever they have in their journal, and that have not ended. */
async function livingIn(lab: Lab, journal: readonly JournalLine[]): Promise<Set<number>> {
  const alive = journal.flatMap(({ process }) =>
    process && !processIsGone(process) ? [process.pid] : [],
  )
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const here = await realpath(lab.directory)
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return new Set([...alive, ...pids.filter((_, at) => folders[at] === here).map(Number)])
}

export async function readReport(lab: Lab): Promise<RunReport> {
  return JSON.parse(await readFile(reportFile(lab, 'report.json'), 'utf8')) as RunReport
}

function reportFile(lab: Lab, name: string): string {
  return path.join(lab.directory, 'nac-broker-report', name)
}

interface JournalLine {
  line: string
  process?: ProcessIdentity
  /** Of a line `attempt`. */
  worker?: string
  /** Of a line `ended`. */
  report?: { name: string; status: string }
}

/** How far the last run has come, by its journal: whether one could be resumed. */
export async function stageOf(lab: Lab): Promise<'not begun' | 'interrupted' | 'finished'> {
  const lines = await readJournal(lab).catch(() => [])
  if (lines.length === 0) return 'not begun'
  return lines.at(-1)?.line === 'finished' ? 'finished' : 'interrupted'
}

/** The processes of the workers that have been started. */
export async function workerPids(lab: Lab): Promise<number[]> {
  const journal = await readJournal(lab)
  return journal.flatMap((one) => (one.line === 'attempt' && one.process ? [one.process.pid] : []))
}

async function readJournal(lab: Lab): Promise<JournalLine[]> {
  const lines = (await readFile(reportFile(lab, 'journal.jsonl'), 'utf8'))
    .split('\n')
    .filter(Boolean)
  return lines.map((line) => JSON.parse(line) as JournalLine)
}

function startedAfterPassing(journal: readonly JournalLine[]): string[] {
  return journal.flatMap(({ line, report }, at) => {
    if (line !== 'ended' || report?.status !== 'passed') return []
    const again = journal.slice(at).some((later) => later.worker === report.name)
    return again ? [report.name] : []
  })
}
