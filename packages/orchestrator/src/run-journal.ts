import {
  appendFileSync,
  closeSync,
  existsSync,
  futimesSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { BrokerError } from '@nac-broker/protocol'
import { ownerOf, type ProcessIdentity } from '@nac-broker/run-store'
import { type Clock, systemClock, type Timer } from '@nac-broker/supervisor'
import { fileTrouble } from './file-trouble.ts'
import type { AttemptReport, RunReport, WorkerReport } from './report.ts'

/** What makes two runs the same run. */
export interface RunIdentity {
  testbed: string
  workers: readonly string[]
}

/** A time in which nobody did the run, as ISO 8601: from the last sign of life of one orchestrator to the next one. */
export interface Pause {
  from: string
  to: string
}

type Line =
  | ({ line: 'run'; runId: string; startedAt: string } & RunIdentity)
  /** The process that does the run from here on; where it was resumed, after which pause. */
  | { line: 'orchestrator'; process: ProcessIdentity; pause?: Pause }
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
  /** Between these. */
  pauses: readonly Pause[]
  /** The last sign of life of the last one, as ISO 8601. */
  lastSeen: string
  /** Whether it was gone before it could end the run. */
  isCutOff: boolean
}

/** How exactly it is known when an orchestrator was killed. */
const SIGN_OF_LIFE_MS = 1_000

/**
 * What a run does, a line at a time in a file of its report directory, each written at once: a SIGKILL
 * of the orchestrator loses none of it, and who resumes the run reads it. The file's time says until when it lived.
 */
export class RunJournal implements Disposable {
  readonly #file: number
  readonly #clock: Clock
  #nextSign: Timer

  private constructor(file: number, clock: Clock) {
    this.#file = file
    this.#clock = clock
    this.#nextSign = this.#signLater()
  }

  /** A run that begins here; what an earlier one wrote is gone, all at once. */
  static begin(
    file: string,
    run: RunIdentity & { runId: string; startedAt: string },
    clock: Clock = systemClock,
  ): RunJournal {
    const draft = `${file}.${run.runId}`
    const journal = new RunJournal(openSync(draft, 'w', 0o600), clock)
    journal.#write({ line: 'run', ...run })
    journal.#write({ line: 'orchestrator', process: ownerOf(null) })
    renameSync(draft, file)
    return journal
  }

  /** The run of `unfinished` goes on here, after this pause. */
  static goOn(file: string, pause: Pause, clock: Clock = systemClock): RunJournal {
    // A line that was cut off by the end of the last orchestrator is ended first.
    appendFileSync(file, '\n')
    const journal = new RunJournal(openSync(file, 'a'), clock)
    journal.#write({ line: 'orchestrator', process: ownerOf(null), pause })
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
    return unfinished(first, lines, statSync(file).mtime.toISOString())
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
    return { runId: first.runId, workers: first.workers.length, passed: passedIn(lines).size }
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
    this.#nextSign.cancel()
    closeSync(this.#file)
  }

  #signLater(): Timer {
    return this.#clock.startTimer(SIGN_OF_LIFE_MS, () => {
      const now = this.#clock.wallTime()
      try {
        futimesSync(this.#file, now, now)
      } catch {
        // A file system without it has when the last line was written.
      }
      this.#nextSign = this.#signLater()
    })
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

function unfinished(
  run: Extract<Line, { line: 'run' }>,
  lines: readonly Line[],
  lastSeen: string,
): UnfinishedRun {
  const orchestrators = lines.filter((one) => one.line === 'orchestrator')
  return {
    runId: run.runId,
    startedAt: run.startedAt,
    resumed: orchestrators.length - 1,
    passed: passedIn(lines),
    ...attemptsIn(lines, lastSeen),
    orchestrators: orchestrators.map((one) => one.process),
    pauses: orchestrators.flatMap(({ pause }) => pause ?? []),
    lastSeen,
    isCutOff: lines.at(-1)?.line !== 'finished',
  }
}

function passedIn(lines: readonly Line[]): Map<string, WorkerReport> {
  const ends = lines.filter((one) => one.line === 'ended')
  const passed = ends.filter(({ report }) => report.status === 'passed')
  return new Map(passed.map(({ report }) => [report.name, report]))
}

type Begun = Extract<Line, { line: 'attempt' }>

function attemptsIn(
  lines: readonly Line[],
  lastSeen: string,
): Pick<UnfinishedRun, 'attempts' | 'processes'> {
  const attempts = new Map<string, AttemptReport[]>()
  const running = new Map<string, Begun>()
  const processes = new Map<string, ProcessIdentity>()
  const ended = (worker: string, report: AttemptReport): void => {
    attempts.set(worker, [...(attempts.get(worker) ?? []), report])
    running.delete(worker)
  }
  const cutOff = (at: string | undefined): void => {
    for (const begun of running.values()) ended(begun.worker, endedWithItsOrchestrator(begun, at))
  }
  for (const line of lines) {
    if (line.line === 'orchestrator') cutOff(line.pause?.from)
    if (line.line === 'attempt') {
      running.set(line.worker, line)
      processes.set(line.worker, line.process)
    }
    if (line.line === 'attempt-ended') {
      ended(line.worker, line.report)
      processes.delete(line.worker)
    }
  }
  cutOff(lastSeen)
  return { attempts, processes: [...processes.values()] }
}

/** Whoever started it was gone before it ended: it lasted until then, as far as anybody knows. */
function endedWithItsOrchestrator(
  { attempt, startedAt }: Begun,
  at: string = startedAt,
): AttemptReport {
  const durationMs = Math.max(0, Date.parse(at) - Date.parse(startedAt))
  return {
    attempt,
    status: 'cancelled',
    startedAt,
    durationMs,
    reason: 'its orchestrator ended first',
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
