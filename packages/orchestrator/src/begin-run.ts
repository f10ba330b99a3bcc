import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { BrokerError } from '@nac-broker/protocol'
import { openRunStore, RunStoreError } from '@nac-broker/run-store'
import { type Clock, failpoint } from '@nac-broker/supervisor'
import type { Logger } from 'pino'
import { holdDirectory } from './directory-hold.ts'
import { endLeftovers, giveUpElsewhere, lastEventIn, ownersIn, startedBy } from './leftovers.ts'
import type { RunReport } from './report.ts'
import type { ReportDirectory } from './report-directory.ts'
import type { Pause, RunIdentity } from './journal-lines.ts'
import { RunJournal } from './run-journal.ts'
import type { Before } from './worker-record.ts'

/**
 * A run at its beginning, or where it goes on. Until it takes over, an earlier one is there as it was; nobody
 * else has the directory until it is disposed of.
 */
export interface BegunRun extends AsyncDisposable {
  readonly runId: string
  readonly startedAt: string
  /** How often it was resumed. */
  readonly resumed: number
  /** Undefined where the report directory can hold no store. */
  readonly storePath: string | undefined
  /** Where it was resumed: in which nobody did it, and whether the last who did was gone before the run had ended. */
  readonly pause: (Pause & { isCutOff: boolean }) | undefined
  /** The last event in its store when it begins here; 0 where it is new. */
  readonly lastEvent: number
  /** What it has had of a worker already. */
  before: (worker: string) => Before
  /** To be called when nothing can refuse the run any more: from then on the directory is this run's. */
  takeOver(): RunJournal
  /** To be called after that: what is left of an earlier run goes. */
  makeRoom(): Promise<void>
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
 * Begins a run in its report directory; what an earlier one left there stays until it takes over.
 * @throws {BrokerError} `CONFIG_INVALID` when that one goes on, or the directory cannot be written
 */
export async function beginRun(
  directory: ReportDirectory,
  identity: RunIdentity,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<BegunRun> {
  const { journalFile } = directory
  await directory.make()
  await using begun = new AsyncDisposableStack()
  begun.use(holdDirectory(directory.path))
  const runId = randomUUID()
  const startedAt = clock.wallTime().toISOString()
  const storeFile = directory.storeFile(runId)
  let tookOver = false
  begun.defer(async () => {
    if (!tookOver) await directory.removeStore(runId)
  })
  const storePath = (await canHoldStore(storeFile, log)) ? storeFile : undefined
  const nothing: Before = { attempts: [], passed: undefined, pauses: [] }
  const held = begun.move()
  return {
    runId,
    startedAt,
    resumed: 0,
    storePath,
    pause: undefined,
    lastEvent: 0,
    before: () => nothing,
    takeOver() {
      tookOver = true
      const interrupted = RunJournal.interrupted(journalFile)
      if (interrupted) {
        const { runId: was, workers, passed } = interrupted
        const what = `run ${was}, which was interrupted when ${passed} of ${workers} workers had passed`
        log.warn(
          `${directory.path}: discards ${what}; 'run --resume' goes on with such a run instead`,
        )
      }
      failpoint('run.begin.no-journal')
      return RunJournal.begin(journalFile, { ...identity, runId, startedAt }, clock)
    },
    makeRoom() {
      failpoint('run.begin.journal')
      return directory.clear(runId)
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
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
  const { journalFile } = directory
  // Where there is none, nothing is made. What it says counts when nobody else can go on with it any more.
  RunJournal.unfinished(journalFile, identity)
  await directory.make()
  await using begun = new AsyncDisposableStack()
  begun.use(holdDirectory(directory.path))
  const before = RunJournal.unfinished(journalFile, identity)
  const { runId } = before
  const storeFile = directory.storeFile(runId)
  if (!existsSync(storeFile)) {
    const why = `its store ${storeFile} is not there, and without it changes could be made twice`
    const message = `run ${runId} cannot be resumed: ${why}; leave out --resume to begin anew`
    throw new BrokerError('CONFIG_INVALID', message)
  }
  const all = identity.workers.length
  const passed = before.passed.size
  log.info(
    `resumes run ${runId}: ${passed} of ${all} workers had passed; to be started: ${all - passed}`,
  )
  const left = [...before.processes, ...startedBy(runId), ...(await ownersIn(storeFile))]
  await endLeftovers(left, clock)
  await giveUpElsewhere(storeFile, before.orchestrators)
  const lastEvent = await lastEventIn(storeFile)
  const pause = { from: before.lastSeen, to: clock.wallTime().toISOString() }
  const pauses = [...before.pauses, pause]
  const held = begun.move()
  return {
    runId,
    startedAt: before.startedAt,
    resumed: before.resumed + 1,
    storePath: storeFile,
    pause: { ...pause, isCutOff: before.isCutOff },
    lastEvent,
    before: (worker) => ({
      attempts: before.attempts.get(worker) ?? [],
      passed: before.passed.get(worker),
      pauses,
    }),
    takeOver: () => RunJournal.goOn(journalFile, pause, clock),
    makeRoom: () => directory.makeLogs(),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
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
