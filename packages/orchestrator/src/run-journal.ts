import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { BrokerError } from '@nac-broker/protocol'
import { ownerOf, type ProcessIdentity } from '@nac-broker/run-store'
import { fileTrouble } from './file-trouble.ts'
import type { AttemptReport, RunReport, WorkerReport } from './report.ts'

/** What makes two runs the same run. */
export interface RunIdentity {
  testbed: string
  workers: readonly string[]
}

type Line =
  | ({ line: 'run'; runId: string; startedAt: string } & RunIdentity)
  /** The process that does the run from here on. */
  | { line: 'orchestrator'; process: ProcessIdentity }
  | {
      line: 'attempt'
      worker: string
      attempt: number
      startedAt: string
      process: ProcessIdentity
    }
  | { line: 'attempt-ended'; worker: string; report: AttemptReport }
  | { line: 'ended'; report: WorkerReport }
  | { line: 'finished'; status: RunReport['status'] }

/** What a run had done when its orchestrator was last heard of. */
export interface UnfinishedRun {
  runId: string
  startedAt: string
  /** How often it was resumed already. */
  resumed: number
  /** Workers that have passed: they are not started again. */
  passed: ReadonlyMap<string, WorkerReport>
  /** Each worker's attempts; how one ended that nobody saw the end of is not known. */
  attempts: ReadonlyMap<string, readonly AttemptReport[]>
  /** Processes of its workers that may still be alive. */
  processes: readonly ProcessIdentity[]
  /** Those that have done the run so far. */
  orchestrators: readonly ProcessIdentity[]
}

/**
 * What a run does, a line at a time in a file of its report directory, each written at once: a SIGKILL
 * of the orchestrator loses none of it, and who resumes the run reads it.
 */
export class RunJournal implements Disposable {
  readonly #file: number

  private constructor(file: number) {
    this.#file = file
  }

  /** A run that begins here; what an earlier one wrote is gone, all at once. */
  static begin(file: string, run: RunIdentity & { runId: string; startedAt: string }): RunJournal {
    const draft = `${file}.${run.runId}`
    const journal = new RunJournal(openSync(draft, 'w', 0o600))
    journal.#write({ line: 'run', ...run })
    journal.#write({ line: 'orchestrator', process: ownerOf(null) })
    renameSync(draft, file)
    return journal
  }

  /** The run of `unfinished` goes on here. */
  static goOn(file: string): RunJournal {
    // A line that was cut off by the end of the last orchestrator is ended first.
    appendFileSync(file, '\n')
    const journal = new RunJournal(openSync(file, 'a'))
    journal.#write({ line: 'orchestrator', process: ownerOf(null) })
    return journal
  }

  /**
   * What is to be gone on with.
   * @throws {BrokerError} `CONFIG_INVALID` when there is no run, or it is another
   */
  static unfinished(file: string, run: RunIdentity): UnfinishedRun {
    const lines = read(file)
    const first = lines[0]
    if (first?.line !== 'run') {
      throw invalid(`${file}: there is no run to resume; leave out --resume to begin one`)
    }
    requireSame(file, first, run)
    return unfinished(first, lines)
  }

  /** Whether a run has written it. */
  static isOne(file: string): boolean {
    return read(file)[0]?.line === 'run'
  }

  /** Whether it is this run and nothing of it is left to do. */
  static isComplete(file: string, run: RunIdentity): boolean {
    const lines = read(file)
    const [first, last] = [lines[0], lines.at(-1)]
    if (first?.line !== 'run' || last?.line !== 'finished') return false
    return last.status === 'COMPLETE' && differenceOf(first, run) === undefined
  }

  /** The run that was interrupted here, if one was: it could be resumed. */
  static interrupted(file: string): { runId: string; workers: number; passed: number } | undefined {
    const lines = read(file)
    const [first, last] = [lines[0], lines.at(-1)]
    if (first?.line !== 'run' || (last?.line === 'finished' && last.status !== 'ABORTED')) {
      return undefined
    }
    const { runId, passed } = unfinished(first, lines)
    return { runId, workers: first.workers.length, passed: passed.size }
  }

  attempt(worker: string, attempt: number, startedAt: string, pid: number): void {
    this.#write({ line: 'attempt', worker, attempt, startedAt, process: ownerOf(null, pid) })
  }

  attemptEnded(worker: string, report: AttemptReport): void {
    this.#write({ line: 'attempt-ended', worker, report })
  }

  ended(report: WorkerReport): void {
    this.#write({ line: 'ended', report })
  }

  finished(status: RunReport['status']): void {
    this.#write({ line: 'finished', status })
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  /** A full disk costs us the way back, not the run. */
  #write(line: Line): void {
    try {
      writeSync(this.#file, `${JSON.stringify(line)}\n`)
    } catch {
      // Who resumes finds less than was done, and does it again.
    }
  }
}

function read(file: string): Line[] {
  if (!existsSync(file)) return []
  try {
    return readFileSync(file, 'utf8').split('\n').flatMap(parse)
  } catch (error) {
    throw invalid(`${file}: ${fileTrouble(error)}; choose another --report-dir`)
  }
}

/** Nothing for a line that was cut off. */
function parse(text: string): Line[] {
  try {
    return text === '' ? [] : [JSON.parse(text) as Line]
  } catch {
    return []
  }
}

/** Whoever started it was gone before it ended. */
const CUT_OFF = {
  status: 'cancelled',
  durationMs: 0,
  reason: 'its orchestrator ended first',
} as const

function unfinished(run: Extract<Line, { line: 'run' }>, lines: readonly Line[]): UnfinishedRun {
  const passed = new Map<string, WorkerReport>()
  const attempts = new Map<string, AttemptReport[]>()
  const processes = new Map<string, ProcessIdentity>()
  for (const line of lines) {
    if (line.line === 'attempt') {
      const { worker, attempt, startedAt, process: identity } = line
      const seen = attempts.get(worker) ?? []
      attempts.set(worker, [...seen, { ...CUT_OFF, attempt, startedAt }])
      processes.set(worker, identity)
    }
    if (line.line === 'attempt-ended') {
      const others = (attempts.get(line.worker) ?? []).filter(
        ({ attempt }) => attempt !== line.report.attempt,
      )
      attempts.set(line.worker, [...others, line.report])
      processes.delete(line.worker)
    }
    if (line.line === 'ended' && line.report.status === 'passed') {
      passed.set(line.report.name, line.report)
    }
  }
  const { runId, startedAt } = run
  const orchestrators = lines.flatMap((one) => (one.line === 'orchestrator' ? [one.process] : []))
  const resumed = orchestrators.length - 1
  return {
    runId,
    startedAt,
    resumed,
    passed,
    attempts,
    processes: [...processes.values()],
    orchestrators,
  }
}

function requireSame(file: string, was: RunIdentity, is: RunIdentity): void {
  const difference = differenceOf(was, is)
  if (difference !== undefined) throw invalid(`${file} is of a run ${difference}; ${OTHER}`)
}

function differenceOf(was: RunIdentity, is: RunIdentity): string | undefined {
  if (was.testbed !== is.testbed) return `with testbed ${was.testbed}, not ${is.testbed}`
  const missing = was.workers.find((name) => !is.workers.includes(name))
  if (missing !== undefined) return `with a worker "${missing}"`
  const added = is.workers.find((name) => !was.workers.includes(name))
  return added === undefined ? undefined : `without a worker "${added}"`
}

const OTHER = 'resume it as it was, or choose another --report-dir'

function invalid(why: string): BrokerError {
  return new BrokerError('CONFIG_INVALID', why)
}
