import { ownerOf, type ProcessIdentity, processIsGone } from '@nac-broker/run-store'
import type { Clock } from '@nac-broker/supervisor'

/** How long a process that was killed may take to be gone; one that hangs in the system does not hold up the rest. */
const GONE_WITHIN_MS = 1_000
const LOOK_EVERY_MS = 5

/** The child processes of a broker's `command:` devices, which lead groups of their own and so outlive it. */
export class ChildProcesses {
  #known: ProcessIdentity[] = []

  add(pid: number): void {
    this.#known = [...this.#known.filter((child) => !processIsGone(child)), ownerOf(null, pid)]
  }

  /** For when there is no broker any more to end them. */
  async end(clock: Clock): Promise<void> {
    await Promise.all(this.#known.map((child) => endGroup(child, clock)))
    this.#known = []
  }
}

/** Kills the process and its group, and waits until it is gone. */
export async function endGroup(leader: ProcessIdentity, clock: Clock): Promise<void> {
  if (processIsGone(leader)) return
  try {
    process.kill(-leader.pid, 'SIGKILL')
  } catch {
    // It ended just now.
    return
  }
  for (let waitedMs = 0; waitedMs < GONE_WITHIN_MS; waitedMs += LOOK_EVERY_MS) {
    if (processIsGone(leader)) return
    // oxlint-disable-next-line no-await-in-loop -- between two looks
    await clock.sleep(LOOK_EVERY_MS)
  }
}
