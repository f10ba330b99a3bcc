import { readdirSync, readFileSync } from 'node:fs'

/** Of every process that the system tells of. */
export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** What the system tells of a process; nothing of one that has ended, or is not ours to look at. */
export function readIfThere(pid: number, what: 'cmdline' | 'environ' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1')
  } catch {
    return ''
  }
}

export function commandLineOf(pid: number): string {
  return readIfThere(pid, 'cmdline').replaceAll('\0', ' ').trim()
}
