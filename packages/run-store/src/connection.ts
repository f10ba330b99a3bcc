import type { DatabaseSync } from 'node:sqlite'
import { Backoff, type Clock, failpoint } from '@nac-broker/supervisor'
import { type Processes, systemProcesses } from './owner.ts'
import { Statement } from './statement.ts'
import { storeUnavailable } from './store-error.ts'

/**
 * How long SQLite itself waits for another's lock. It blocks the event loop for that long, and
 * terminating a thread waits for it, so it is short and most of the waiting is done in `patiently`.
 */
export const BUSY_TIMEOUT_MS = 100

const RETRIES = 10
const RETRY_DELAYS = { firstMs: 10, maxMs: 250 }

/** SQLite's primary result codes: https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5

/**
 * One SQLite connection, shared by everything in the store. Work is synchronous and short; it rejects
 * with `STORE_UNAVAILABLE` when the file cannot be used, and then nothing of it was written.
 */
export class Connection {
  readonly path: string
  readonly clock: Clock
  readonly processes: Processes
  readonly #database: DatabaseSync
  #lastWrite: Promise<unknown> = Promise.resolve()
  readonly #closing = new AbortController()

  constructor(
    path: string,
    database: DatabaseSync,
    clock: Clock,
    processes: Processes = systemProcesses,
  ) {
    this.path = path
    this.clock = clock
    this.processes = processes
    this.#database = database
  }

  /** Aborted when it is being closed. */
  get closed(): AbortSignal {
    return this.#closing.signal
  }

  prepare(sql: string): Statement {
    return new Statement(this.#database, sql)
  }

  /** For work that only reads. Each statement sees its own snapshot. */
  read<Result>(work: () => Result): Promise<Result> {
    return patiently(this, () => {
      this.#requireOpen()
      return work()
    })
  }

  /**
   * Runs `work` as one `BEGIN IMMEDIATE` transaction, after the writes asked for before: one of them
   * at a time waits for a lock, not all. What `work` throws rolls back and is passed on. `work` may run
   * again after a rollback, so it touches nothing but the database.
   */
  write<Result>(work: () => Result): Promise<Result> {
    const turn = this.#lastWrite.then(() =>
      patiently(this, () => {
        this.#requireOpen()
        return transaction(this.#database, work)
      }),
    )
    this.#lastWrite = turn.catch(() => {})
    return turn
  }

  /** Closes after the writes asked for before. Idempotent. */
  async close(): Promise<void> {
    failpoint('store.closing')
    this.#closing.abort()
    await this.#lastWrite
    if (this.#database.isOpen) this.#database.close()
  }

  #requireOpen(): void {
    if (!this.#database.isOpen) throw storeUnavailable(this.path, 'it was closed')
  }
}

export function transaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  failpoint('store.transaction.begun')
  try {
    const result = work()
    failpoint('store.transaction.done')
    database.exec('COMMIT')
    failpoint('store.transaction.committed')
    return result
  } catch (error) {
    failpoint('store.transaction.failed')
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/**
 * Runs `attempt` again while another process holds the lock, with jitter and for about two seconds.
 * @throws {RunStoreError} `STORE_UNAVAILABLE` for every failure of SQLite.
 */
export async function patiently<Result>(
  { path, clock }: { path: string; clock: Clock },
  attempt: () => Result,
): Promise<Result> {
  const backoff = new Backoff(clock, RETRY_DELAYS)
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      const failure = sqliteFailure(error)
      if (!failure) throw error
      if (primaryCode(failure) !== SQLITE_BUSY) throw storeUnavailable(path, failure.message, error)
      failpoint('store.busy')
      if (backoff.failures === RETRIES) {
        const why = `still locked by another process after ${RETRIES + 1} attempts (is one stopped?)`
        throw storeUnavailable(path, why, error)
      }
    }
    await clock.sleep(backoff.nextDelayMs())
  }
}

interface SqliteFailure extends Error {
  errcode: number
}

export function sqliteFailure(error: unknown): SqliteFailure | undefined {
  const isOne = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
  return isOne ? (error as SqliteFailure) : undefined
}

/** The extended codes have the primary one in their lowest byte. */
export function primaryCode({ errcode }: SqliteFailure): number {
  return errcode & 0xff
}
