import { spawnSync } from 'node:child_process'
import { oncePerProcess } from './once-per-process.ts'

/** What lets root pass by a file's permissions. */
const PASS_BY = ['--bounding-set=-dac_override,-dac_read_search', '--']

/**
 * How a Node process is started that a file's permissions hold for, also where we are root; where that cannot be
 * had it is told, and permissions hold for nobody.
 */
export function withoutPrivileges(): { execPath: string; execArgv: string[] } {
  const plain = { execPath: process.execPath, execArgv: [] }
  if (process.getuid?.() !== 0) return plain
  if (spawnSync('setpriv', [...PASS_BY, 'true']).status === 0)
    return { execPath: 'setpriv', execArgv: [...PASS_BY, process.execPath] }
  tellUnavailable()
  return plain
}

const tell = oncePerProcess((why) => process.emitWarning(why))
const tellUnavailable = (): void =>
  tell(
    "faults of a socket's permissions do nothing here: root passes by them, and there is no setpriv",
  )
