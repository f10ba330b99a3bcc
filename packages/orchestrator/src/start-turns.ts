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
 * is with those that have begun, the longer a start takes, and the longer is the pause after it.
 */
export function startTurns(clock: Clock): () => Promise<void> {
  let last = Promise.resolve()
  let turns = 0
  let grantedMs = 0
  const turn = async (before: Promise<void>): Promise<void> => {
    await before
    await new Promise((resolve) => void setImmediate(resolve))
    if (++turns > UNPACED) {
      const tookMs = clock.now() - grantedMs
      await clock.sleep(Math.min(LONGEST_PAUSE_MS, tookMs * PAUSE_SHARE))
    }
    grantedMs = clock.now()
  }
  return () => (last = turn(last))
}
