import type { Connection } from './connection.ts'

export interface TableBounds {
  maxBytes: number
  maxRows: number
}

/** Returns what removes the oldest rows until the table is within its bounds; for inside a write. */
export function oldestRemover(
  connection: Connection,
  table: 'outputs' | 'results',
  { maxBytes, maxRows }: TableBounds,
): () => void {
  const usage = connection.prepare(`SELECT bytes, rows FROM usage WHERE name = '${table}'`)
  const removeOldest = connection.prepare(
    `DELETE FROM ${table} WHERE id = (SELECT min(id) FROM ${table})`,
  )
  return () => {
    for (;;) {
      const { bytes, rows } = usage.get() as { bytes: number; rows: number }
      if (bytes <= maxBytes && rows <= maxRows) return
      removeOldest.run()
    }
  }
}
