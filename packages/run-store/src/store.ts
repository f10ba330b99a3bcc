import { type Clock, systemClock } from '@nac-broker/supervisor'
import { Checkpoints } from './checkpoints.ts'
import { Epochs } from './epochs.ts'
import { Events } from './events.ts'
import { Generations } from './generations.ts'
import { openDatabase } from './open-database.ts'
import { Outcomes } from './outcomes.ts'
import { Outputs } from './outputs.ts'
import type { Owner, Processes } from './owner.ts'
import { SessionLedger } from './session-ledger.ts'
import { type FileSystemType, prepareStoreFile } from './store-file.ts'
import { Supervision } from './supervision.ts'

const MIB = 1024 * 1024

/** Everything here is bounded; beyond a bound the oldest goes, except where it says otherwise. */
const STORE_LIMITS = {
  /** Outputs of read-only commands, all together. */
  maxOutputBytes: 256 * MIB,
  maxOutputs: 100_000,
  /**
   * One output; a larger one is not stored. Who writes it answers nobody meanwhile: 100 MB take from
   * half a second on an idle disk to seconds on a busy one, after which a broker counts as stalled.
   */
  maxBytesPerOutput: 16 * MIB,
  /** Results of changes, all together. Their keys stay: they are not bounded. */
  maxResultBytes: 64 * MIB,
  maxResults: 100_000,
  maxEvents: 10_000,
  /** Events, all together, as JSON. */
  maxEventsBytes: 32 * MIB,
  /** One event; a larger one is refused. */
  maxEventBytes: 64 * 1024,
  /** One checkpoint; a larger one is refused. */
  maxCheckpointBytes: MIB,
  /** Checkpoints, all together; beyond that, and of more workers, one is refused. */
  maxCheckpointsBytes: 256 * MIB,
  maxCheckpoints: 100_000,
}

export interface RunStoreOptions {
  /** Beyond the defaults in `STORE_LIMITS`. Each opener brings its own; give them all the same. */
  limits?: Partial<typeof STORE_LIMITS>
  clock?: Clock
  /** Default: what the system says. */
  fileSystemType?: FileSystemType
  /** Who we are, and who is dead. Default: what the system says. */
  processes?: Processes
}

/** What must outlive a crash. Every call rejects with `STORE_UNAVAILABLE` when the file is unusable. */
export interface RunStore extends AsyncDisposable {
  readonly path: string
  readonly generations: Generations
  readonly supervision: Supervision
  readonly ledger: SessionLedger
  readonly outcomes: Outcomes
  readonly epochs: Epochs
  readonly outputs: Outputs
  readonly events: Events
  readonly checkpoints: Checkpoints
  /** Who holds what we take: a broker of a generation, or a direct client (null). */
  ownerOf(generation: number | null): Owner
  /** After the writes that were asked for before. Leases stay. Idempotent. */
  close(): Promise<void>
}

/**
 * Opens the run's store, made if there is none. Any number of threads and processes of this machine
 * may have it open.
 * @throws {RunStoreError} `STORE_UNAVAILABLE`
 */
export async function openRunStore(path: string, options: RunStoreOptions = {}): Promise<RunStore> {
  const limits = { ...STORE_LIMITS, ...options.limits }
  prepareStoreFile(path, options.fileSystemType)
  const connection = await openDatabase(path, options.clock ?? systemClock, options.processes)
  const epochs = new Epochs(connection)
  const generations = new Generations(connection, epochs)
  const close = (): Promise<void> => connection.close()
  return {
    path,
    generations,
    supervision: new Supervision(connection),
    ledger: new SessionLedger(connection, generations),
    outcomes: new Outcomes(
      connection,
      { epochs, generations },
      { maxBytes: limits.maxResultBytes, maxRows: limits.maxResults },
    ),
    epochs,
    outputs: new Outputs(connection, epochs, {
      maxBytes: limits.maxOutputBytes,
      maxBytesEach: limits.maxBytesPerOutput,
      maxRows: limits.maxOutputs,
    }),
    events: new Events(connection, {
      maxBytes: limits.maxEventsBytes,
      maxBytesEach: limits.maxEventBytes,
      maxRows: limits.maxEvents,
    }),
    checkpoints: new Checkpoints(connection, {
      maxBytes: limits.maxCheckpointsBytes,
      maxBytesEach: limits.maxCheckpointBytes,
      maxRows: limits.maxCheckpoints,
    }),
    ownerOf: (generation) => ({ ...connection.processes.self, generation }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
