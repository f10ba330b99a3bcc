import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { openRunStore, RunStoreError } from '@nac-broker/run-store'
import { type Clock, failpoint } from '@nac-broker/supervisor'
import type { Logger } from 'pino'
import { endLeftovers, ownersIn } from './leftovers.ts'
import type { RunReport } from './report.ts'
import type { ReportDirectory } from './report-directory.ts'
import { type RunIdentity, RunJournal } from './run-journal.ts'
import type { Before } from './worker-record.ts'

/** A run at its beginning, or where it goes on. */
export interface BegunRun {
  readonly journal: RunJournal
  readonly runId: string
  readonly startedAt: string
  /** How often it was resumed. */
  readonly resumed: number
  /** Undefined where the report directory can hold no store. */
  readonly storePath: string | undefined
  /** What it has had of a worker already. */
  before: (worker: string) => Before
}

/** The report of this run, where every worker of it has passed already: there is nothing to resume. */
export async function completeReport(
  directory: ReportDirectory,
  identity: RunIdentity,
): Promise<RunReport | undefined> {
  if (!RunJournal.isComplete(directory.journalFile, identity)) return undefined
  return directory.read()
}

/**
 * Begins a run in its report directory; what an earlier one left there goes.
 * @throws {BrokerError} `CONFIG_INVALID` when that one goes on (it is then left as it is), or the directory cannot be
 * written
 */
export async function beginRun(
  directory: ReportDirectory,
  identity: RunIdentity,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<BegunRun> {
  const { journalFile, storeFile } = directory
  await directory.make()
  const runId = randomUUID()
  const startedAt = clock.wallTime().toISOString()
  const interrupted = RunJournal.interrupted(journalFile)
  failpoint('run.begin.no-journal')
  const journal = RunJournal.begin(journalFile, { ...identity, runId, startedAt })
  if (interrupted) {
    const { runId: was, workers, passed } = interrupted
    const what = `run ${was}, which was interrupted when ${passed} of ${workers} workers had passed`
    log.warn(`${directory.path}: discards ${what}; --resume would have gone on with it`)
  }
  failpoint('run.begin.journal')
  await directory.clear()
  const storePath = (await canHoldStore(storeFile, log)) ? storeFile : undefined
  const nothing: Before = { attempts: [], passed: undefined }
  return { journal, runId, startedAt, resumed: 0, storePath, before: () => nothing }
}

/**
 * Goes on with the run of a report directory. What it has left behind is ended first, so that nobody
 * works on it twice.
 * @throws {BrokerError} `CONFIG_INVALID` where there is none, or it is not this one, or it goes on
 */
export async function resumeRun(
  directory: ReportDirectory,
  identity: RunIdentity,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<BegunRun> {
  const { journalFile, storeFile } = directory
  const { journal, before } = RunJournal.resume(journalFile, identity)
  const all = identity.workers.length
  const passed = before.passed.size
  log.info(
    `resumes run ${before.runId}: ${passed} of ${all} workers had passed; to be started: ${all - passed}`,
  )
  await directory.make()
  const owners = existsSync(storeFile) ? await ownersIn(storeFile) : []
  await endLeftovers([...before.processes, ...owners], clock)
  return {
    journal,
    runId: before.runId,
    startedAt: before.startedAt,
    resumed: before.resumed + 1,
    storePath: storeFile,
    before: (worker) => ({
      attempts: before.attempts.get(worker) ?? [],
      passed: before.passed.get(worker),
    }),
  }
}

/** A network file system cannot: the store is then beside the socket, and gone with the run. */
async function canHoldStore(file: string, log: Logger): Promise<boolean> {
  try {
    await (await openRunStore(file)).close()
    return true
  } catch (error) {
    if (!(error instanceof RunStoreError)) throw error
    log.warn(`this run cannot be resumed: ${error.message}`)
    return false
  }
}
