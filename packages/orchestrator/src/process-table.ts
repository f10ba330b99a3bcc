import { readdirSync, readFileSync } from 'node:fs'

/** What Linux tells of a process. */
export interface ProcessEntry {
  readonly pid: number
  /** One letter; Z and X are processes that have ended. */
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
  /** In ticks since the machine started: with the pid it names one process for good. */
  readonly startTime: string
}

/** Undefined where there is no such process, or no /proc to tell of it. */
export function processEntry(pid: number): ProcessEntry | undefined {
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined
  }
}

/** As it was given when the process was started, `NAME=value` each; empty where the system does not tell. */
export function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** Undefined where there is no /proc. */
export function allProcesses(): ProcessEntry[] | undefined {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => processEntry(Number(pid)))
      .filter((entry) => entry !== undefined)
  } catch {
    return undefined
  }
}

/** @param stat what /proc/<pid>/stat holds */
function parseStat(pid: number, stat: string): ProcessEntry {
  // The second field is the program's name in brackets, which may hold brackets and spaces itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = '', parent, group, session] = fields
  const startTime = fields[19] ?? ''
  return {
    pid,
    state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTime,
  }
}
