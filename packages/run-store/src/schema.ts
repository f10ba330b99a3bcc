import type { DatabaseSync } from 'node:sqlite'
import { transaction } from './connection.ts'
import { storeUnavailable } from './store-error.ts'

/** "nacb": tells our files from other programs' databases. */
const APPLICATION_ID = 0x6e616362

const SCHEMA_VERSION = 4

const SCHEMA = `
  CREATE TABLE generations (
    generation INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  -- The fence: at most one row of it is live.
  CREATE UNIQUE INDEX live_generation ON generations (ended) WHERE ended = 0;

  -- One row, of whoever began last.
  CREATE TABLE supervision (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    supervisor TEXT,
    over INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE epochs (device TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE outputs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL,
    command TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    expires_ms REAL NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (device, command)
  ) STRICT;

  CREATE TABLE outcomes (
    key TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sent', 'done', 'failed', 'void')),
    generation INTEGER,
    withheld INTEGER NOT NULL DEFAULT 0,
    error TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX unfinished ON outcomes (generation) WHERE state = 'sent';

  CREATE TABLE results (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    content BLOB NOT NULL
  ) STRICT;

  -- AUTOINCREMENT: an id is never used again, so one that is gone stays gone.
  CREATE TABLE leases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL,
    owner TEXT NOT NULL,
    child TEXT,
    wall_time_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX leases_of_device ON leases (device);

  -- One row: what the newest broker has been told.
  CREATE TABLE session_limits (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    max_per_device INTEGER NOT NULL,
    max_total INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE waiters (
    ticket INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL,
    owner TEXT NOT NULL,
    max_per_device INTEGER NOT NULL,
    max_total INTEGER NOT NULL,
    seen_ms REAL NOT NULL
  ) STRICT;
  CREATE INDEX waiters_for_device ON waiters (device, ticket);

  CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    wall_time_ms INTEGER NOT NULL,
    told INTEGER NOT NULL,
    event TEXT NOT NULL
  ) STRICT;

  CREATE TABLE checkpoints (worker TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  -- How much the bounded tables hold, so that nobody has to count.
  CREATE TABLE usage (name TEXT PRIMARY KEY, bytes INTEGER NOT NULL, rows INTEGER NOT NULL) STRICT;
  ${countUsage('outputs', 'content')}
  ${countUsage('results', 'content')}
  ${countUsage('events', 'event')}
  ${countUsage('checkpoints', 'value')}
`

/** Replacing a row counts as adding one: it is to be removed first. */
function countUsage(table: string, column: string): string {
  return `
    INSERT INTO usage VALUES ('${table}', 0, 0);
    CREATE TRIGGER ${table}_added AFTER INSERT ON ${table} BEGIN
      UPDATE usage SET bytes = bytes + octet_length(NEW.${column}), rows = rows + 1 WHERE name = '${table}';
    END;
    CREATE TRIGGER ${table}_removed AFTER DELETE ON ${table} BEGIN
      UPDATE usage SET bytes = bytes - octet_length(OLD.${column}), rows = rows - 1 WHERE name = '${table}';
    END;`
}

/**
 * Brings a new file to our schema; leaves one of ours as it is.
 * @throws {RunStoreError} `STORE_UNAVAILABLE` for a store of another version and for another program's
 * database.
 */
export function prepareSchema(database: DatabaseSync, path: string): void {
  if (isOurs(database, path)) return
  transaction(database, () => {
    // Another process may have been faster.
    if (isOurs(database, path)) return
    database.exec(SCHEMA)
    database.exec(
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`,
    )
  })
}

/** False for an empty database. */
function isOurs(database: DatabaseSync, path: string): boolean {
  const application = numberOf(database, 'SELECT application_id AS n FROM pragma_application_id')
  const version = numberOf(database, 'SELECT user_version AS n FROM pragma_user_version')
  const tables = numberOf(database, 'SELECT count(*) AS n FROM sqlite_schema')
  if (application === 0 && tables === 0) return false
  if (application !== APPLICATION_ID) {
    throw storeUnavailable(path, `another program's database; name another store`)
  }
  if (version === SCHEMA_VERSION) return true
  const newer = version > SCHEMA_VERSION
  const why = `written by ${newer ? 'a newer' : 'an older'} release (schema ${version}, this one has ${SCHEMA_VERSION}); use that release or name another store`
  throw storeUnavailable(path, why)
}

function numberOf(database: DatabaseSync, sql: string): number {
  return (database.prepare(sql).get() as { n: number }).n
}
