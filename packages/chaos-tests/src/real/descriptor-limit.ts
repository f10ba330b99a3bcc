import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

/**
 * Leaves a process so many descriptors to open beside those that it has; undefined: as many as it may have at
 * most. Nothing to one that has ended.
 */
export function limitDescriptors(pid: number, spare: number | undefined): void {
  try {
    const soft = spare === undefined ? hardLimit(pid) : String(limitFor(pid, spare))
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`], { stdio: 'ignore' })
  } catch (error) {
    if (lives(pid)) throw error
  }
}

/** A new descriptor has the lowest number that is free, and the limit is on the number. */
function limitFor(pid: number, spare: number): number {
  const taken = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  let limit = 0
  for (let left = spare; ; limit++) {
    if (taken.has(limit)) continue
    if (left === 0) return limit
    left--
  }
}

function hardLimit(pid: number): string {
  const columns = ['--raw', '--noheadings', '--output=HARD']
  const asked = ['--pid', String(pid), '--nofile', ...columns]
  // Of one that has ended just now it would write that it has.
  return execFileSync('prlimit', asked, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
