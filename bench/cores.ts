import { execFileSync } from 'node:child_process'

/**
 * Puts a process and its children to come on one core; false where that cannot be done. We keep the
 * client on a core of its own and what it talks to on another: left to the kernel they come together
 * and part as it pleases, and waking an idle core takes longer than anything measured here.
 */
export function pinTo(core: number, pid: number | undefined): boolean {
  try {
    execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
