import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@nac-broker/supervisor'
import { BUSY_TIMEOUT_MS, Connection, patiently, primaryCode, sqliteFailure } from './connection.ts'
import type { Processes } from './owner.ts'
import { prepareSchema } from './schema.ts'
import { storeUnavailable } from './store-error.ts'

const SQLITE_NOTADB = 26

/** After a burst of large outputs the WAL shrinks to this again. */
const WAL_BYTES = 16 * 1024 * 1024

/** @throws {RunStoreError} `STORE_UNAVAILABLE` */
export async function openDatabase(
  path: string,
  clock: Clock,
  processes?: Processes,
): Promise<Connection> {
  const database = await patiently({ path, clock }, () => {
    const opened = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
    try {
      prepare(opened, path)
      return opened
    } catch (error) {
      opened.close()
      throw error
    }
  })
  return new Connection(path, database, clock, processes)
}

function prepare(database: DatabaseSync, path: string): void {
  try {
    // Committed work survives the death of processes and threads; only a power loss can take it.
    database.exec(`PRAGMA synchronous = OFF; PRAGMA journal_size_limit = ${WAL_BYTES}`)
    const { journal_mode: mode } = database.prepare('PRAGMA journal_mode = WAL').get() as {
      journal_mode: string
    }
    if (mode !== 'wal') {
      throw storeUnavailable(
        path,
        `WAL does not work here (it stays "${mode}"); name another store`,
      )
    }
    prepareSchema(database, path)
  } catch (error) {
    const failure = sqliteFailure(error)
    if (!failure || primaryCode(failure) !== SQLITE_NOTADB) throw error
    throw storeUnavailable(path, 'not a database; remove the file or name another store', error)
  }
}
