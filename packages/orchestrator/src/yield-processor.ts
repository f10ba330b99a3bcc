import { writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import type { Clock } from '@nac-broker/supervisor'

/** As `nice` does by default. */
const NICENESS = 10
/** Linux takes ten such wishes a second from users other than root. */
const AGAIN_MS = 100

/**
 * Has a process group that leads its session give way to ours when there is not enough processor for all:
 * two hundred workers that start at once would otherwise keep the orchestrator from hearing of any of them.
 * Where Linux shares the processor between sessions first (autogroup, see sched(7)), niceness alone means
 * nothing between them, and the session has one of its own. Without a way to do it, nothing is done.
 */
export async function yieldProcessor(pid: number, clock: Clock, ended: AbortSignal): Promise<void> {
  try {
    setPriority(pid, NICENESS)
  } catch {
    // It has ended, or the system does not allow it.
  }
  while (!ended.aborted) {
    try {
      await writeFile(`/proc/${pid}/autogroup`, String(NICENESS))
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
    }
    // All who were told so at once must not come again at once.
    await clock.sleep(AGAIN_MS * (1 + 20 * clock.random()), ended).catch(() => {})
  }
}
