import type { Connection } from './connection.ts'

export interface TableBounds {
  maxBytes: number
  maxRows: number
}

/** Returns what removes the oldest rows until the table is within its bounds; for inside a write. */
export function oldestRemover(
  connection: Connection,
  table: 'outputs' | 'results' | 'events',
  { maxBytes, maxRows }: TableBounds,
): () => void {
  const isWithin = boundsChecker(connection, table, { maxBytes, maxRows })
  const removeOldest = connection.prepare(
    `DELETE FROM ${table} WHERE rowid = (SELECT min(rowid) FROM ${table})`,
  )
  return () => {
    while (!isWithin()) removeOldest.run()
  }
}

/** Returns what says whether the table is within its bounds. */
export function boundsChecker(
  connection: Connection,
  table: 'outputs' | 'results' | 'events' | 'checkpoints',
  { maxBytes, maxRows }: TableBounds,
): () => boolean {
  const usage = connection.prepare(`SELECT bytes, rows FROM usage WHERE name = '${table}'`)
  return () => {
    const { bytes, rows } = usage.get() as { bytes: number; rows: number }
    return bytes <= maxBytes && rows <= maxRows
  }
}
