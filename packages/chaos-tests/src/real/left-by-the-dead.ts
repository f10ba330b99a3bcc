import { readdirSync } from 'node:fs'
import path from 'node:path'

/**
 * Undoes what processes that were killed could not undo themselves. What it is of stands in the name:
 * `PREFIX` and their pid.
 */
export function undoLeftByTheDead(
  directory: string,
  prefix: string,
  undo: (left: string) => void,
): void {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(prefix)) continue
    const pid = Number.parseInt(name.slice(prefix.length), 10)
    if (Number.isNaN(pid) || isAlive(pid)) continue
    try {
      undo(path.join(directory, name))
    } catch {
      // Somebody else has just done it, or a process is still in it: then the next one does.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
