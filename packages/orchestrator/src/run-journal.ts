import {
  appendFileSync,
  closeSync,
  futimesSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { BrokerError } from '@nac-broker/protocol'
import { ownerOf } from '@nac-broker/run-store'
import { type Clock, systemClock, type Timer } from '@nac-broker/supervisor'
import { type JournalLine, journalLines, type Pause, type RunIdentity } from './journal-lines.ts'
import type { AttemptReport, RunReport, WorkerReport } from './report.ts'
import { passedIn, type UnfinishedRun, unfinishedRun } from './unfinished-run.ts'

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
    const lines = journalLines(file)
    const first = lines[0]
    if (first?.line !== 'run') {
      throw invalid(`${file}: there is no run to resume; leave out --resume to begin one`)
    }
    requireSame(file, first, run)
    return unfinishedRun(first, lines, statSync(file).mtime.toISOString())
  }

  /** Whether a run has written it. */
  static isOne(file: string): boolean {
    return journalLines(file)[0]?.line === 'run'
  }

  /** Whether it is this run and nothing of it is left to do. */
  static isComplete(file: string, run: RunIdentity): boolean {
    const lines = journalLines(file)
    const [first, last] = [lines[0], lines.at(-1)]
    if (first?.line !== 'run' || last?.line !== 'finished') return false
    return last.status === 'COMPLETE' && differenceOf(first, run) === undefined
  }

  /** The run that was interrupted here, if one was: it could be resumed. */
  static interrupted(file: string): { runId: string; workers: number; passed: number } | undefined {
    const lines = journalLines(file)
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
  #write(line: JournalLine): void {
    try {
      writeSync(this.#file, `${JSON.stringify(line)}\n`)
    } catch {
      // Who resumes finds less than was done, and does it again.
    }
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
