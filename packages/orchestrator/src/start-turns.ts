import type { Clock } from '@nac-broker/supervisor'

/** So many start one right after the other. */
const UNPACED = 8
/** For each millisecond that a start takes, so many pass before the next one. */
const PAUSE_SHARE = 5
const LONGEST_PAUSE_MS = 500

/**
 * Lets one go on in each turn of the event loop. Starting a process holds this one up until the system
 * has done so, for milliseconds; two hundred in one turn, and nothing else was done for as many times
 * that: no signal seen, no broker watched. A crowd also starts no faster than the machine can: the busier it
 * is with those that have begun, the longer a start takes, and the longer is the pause after it. Who comes
 * when that is over does not wait.
 */
export function startTurns(clock: Clock): () => Promise<void> {
  let last = Promise.resolve()
  let starts = 0
  let pausedUntilMs = 0
  let grantedMs = 0
  const granted = async (before: Promise<void>): Promise<void> => {
    await before
    const pauseMs = pausedUntilMs - clock.now()
    if (pauseMs > 0) await clock.sleep(pauseMs)
    grantedMs = clock.now()
  }
  /** Who is let go on starts its process at once: when the loop turns again, that is done. */
  const started = async (grant: Promise<void>): Promise<void> => {
    await grant
    await new Promise((resolve) => void setImmediate(resolve))
    if (++starts < UNPACED) return
    const nowMs = clock.now()
    pausedUntilMs = nowMs + Math.min(LONGEST_PAUSE_MS, (nowMs - grantedMs) * PAUSE_SHARE)
  }
  return () => {
    const grant = granted(last)
    last = started(grant)
    return grant
  }
}
