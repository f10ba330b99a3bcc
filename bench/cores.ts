import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Asked before anybody is pinned: it counts what this process may use. */
const CORES = availableParallelism()

/**
 * Puts a process and its children to come on one core; false where that cannot be done. We keep the
 * client on a core of its own and what it talks to on another: left to the kernel they come together
 * and part as it pleases, and waking an idle core takes longer than a round trip.
 */
export function pinTo(core: number, pid: number | undefined): boolean {
  return setCores(String(core), pid)
}

/** Lets it go back to whichever core there is. */
export function unpin(pid: number): void {
  setCores(`0-${CORES - 1}`, pid)
}

function setCores(cores: string, pid: number | undefined): boolean {
  try {
    execFileSync('taskset', ['-a', '-c', '-p', cores, String(pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
