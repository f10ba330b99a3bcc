import { existsSync, readFileSync } from 'node:fs'
import { BrokerError } from '@nac-broker/protocol'
import type { ProcessIdentity } from '@nac-broker/run-store'
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

/** One line of a run's journal. */
export type JournalLine =
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

/**
 * Nothing where there is no journal.
 * @throws {BrokerError} `CONFIG_INVALID` where it cannot be read
 */
export function journalLines(file: string): JournalLine[] {
  if (!existsSync(file)) return []
  try {
    return readFileSync(file, 'utf8').split('\n').flatMap(parse)
  } catch (error) {
    throw new BrokerError(
      'CONFIG_INVALID',
      `${file}: ${fileTrouble(error)}; choose another --report-dir`,
      { cause: error },
    )
  }
}

/** Nothing for a line that was cut off. */
function parse(text: string): JournalLine[] {
  try {
    return text === '' ? [] : [JSON.parse(text) as JournalLine]
  } catch {
    return []
  }
}
