import type { ProcessIdentity } from '@nac-broker/run-store'
import type { JournalLine, Pause } from './journal-lines.ts'
import type { AttemptReport, WorkerReport } from './report.ts'

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

/** Makes it out of the journal's lines. */
export function unfinishedRun(
  run: Extract<JournalLine, { line: 'run' }>,
  lines: readonly JournalLine[],
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

export function passedIn(lines: readonly JournalLine[]): Map<string, WorkerReport> {
  const ends = lines.filter((one) => one.line === 'ended')
  const passed = ends.filter(({ report }) => report.status === 'passed')
  return new Map(passed.map(({ report }) => [report.name, report]))
}

type Begun = Extract<JournalLine, { line: 'attempt' }>

function attemptsIn(
  lines: readonly JournalLine[],
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
