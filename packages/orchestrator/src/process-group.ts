import { readdir } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@nac-broker/supervisor'
import type { Guard } from './guard.ts'
import { processEntry } from './process-table.ts'

/** A group that was asked to end is looked at this often: at first, and at last, in milliseconds. */
const FIRST_POLL_MS = 10
const LONGEST_POLL_MS = 200

/** About a millisecond's worth of processes. */
const LOOKED_AT_TOGETHER = 50

/** Groups that this process started and that may be alive: they must not outlive it. */
const groups = new Set<number>()

/**
 * A process that leads a group of its own (it was spawned `detached`), and whatever it has started in
 * it. However this process exits, a living group is killed first; after a SIGKILL that is the guard's
 * part.
 */
export class ProcessGroup {
  readonly #id: number
  readonly #guard: Guard | undefined

  constructor(leaderPid: number, guard?: Guard) {
    this.#id = leaderPid
    this.#guard = guard
    guard?.watch(leaderPid)
    if (groups.size === 0) process.once('exit', killAll)
    groups.add(leaderPid)
  }

  signal(signal: NodeJS.Signals): void {
    send(this.#id, signal)
  }

  /** Resolves when nobody runs in the group any more; rejects with the signal's reason. */
  async whenEmpty(clock: Clock, signal: AbortSignal): Promise<void> {
    let pauseMs = FIRST_POLL_MS
    while (await isAlive(this.#id)) {
      await clock.sleep(pauseMs, signal)
      pauseMs = Math.min(pauseMs * 2, LONGEST_POLL_MS)
    }
  }

  /** Kills whoever is left and forgets the group. */
  end(): void {
    this.signal('SIGKILL')
    this.#guard?.forget(this.#id)
    groups.delete(this.#id)
    if (groups.size === 0) process.off('exit', killAll)
  }
}

/** False when the group has nobody to send it to. */
function send(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-id, signal)
  } catch {
    return false
  }
}

function killAll(): void {
  for (const id of groups) send(id, 'SIGKILL')
}

/**
 * Orphans that have ended stay in their group until the machine's first process reaps them, which in a
 * container may be never. Where there is a /proc to tell, they do not count.
 */
async function isAlive(id: number): Promise<boolean> {
  if (!send(id, 0)) return false
  const living = await livingGroups()
  return living?.has(id) ?? true
}

let looking: Promise<ReadonlySet<number> | undefined> | undefined

/**
 * Groups in which somebody runs; undefined where there is no /proc. Who asks while somebody looks gets
 * the same answer: when hundreds of groups end together, each look is at hundreds of processes.
 */
function livingGroups(): Promise<ReadonlySet<number> | undefined> {
  looking ??= lookForGroups().finally(() => (looking = undefined))
  return looking
}

async function lookForGroups(): Promise<ReadonlySet<number> | undefined> {
  const entries = await readdir('/proc').catch(() => undefined)
  if (!entries) return undefined
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number)
  const living = new Set<number>()
  for (const [at, pid] of pids.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- everybody else has a turn between some of them
    if (at % LOOKED_AT_TOGETHER === 0) await setImmediate()
    const process = processEntry(pid)
    if (process && !'ZX'.includes(process.state)) living.add(process.group)
  }
  return living
}
