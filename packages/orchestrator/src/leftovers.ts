import {
  openRunStore,
  ownerOf,
  processIsAlive,
  processIsGone,
  type ProcessIdentity,
} from '@nac-broker/run-store'
import { type Clock } from '@nac-broker/supervisor'
import { BrokerError } from '@nac-broker/protocol'
import { allProcesses, environmentOf } from './process-table.ts'

const FIRST_LOOK_MS = 10
const LONGEST_LOOK_MS = 200
/** A process that was killed and is still there by then hangs in the kernel. */
const PATIENCE_MS = 5_000

/** Processes that a run's store names as owners: brokers of its own, direct clients, `command:` devices. */
export async function ownersIn(storePath: string): Promise<ProcessIdentity[]> {
  await using store = await openRunStore(storePath)
  const live = await store.generations.current()
  const leases = await store.ledger.leases()
  return [
    ...(live ? [live.owner] : []),
    ...leases.flatMap(({ owner, child = owner }) => [owner, child]),
  ]
}

/** How far its events are of those who are gone. */
export async function lastEventIn(storePath: string): Promise<number> {
  await using store = await openRunStore(storePath)
  return await store.events.last()
}

/** Whoever this run has started, as far as it has the run's id in its environment. */
export function startedBy(runId: string): ProcessIdentity[] {
  const mark = runMark(runId)
  const marked = (allProcesses() ?? []).filter(({ pid }) => environmentOf(pid).includes(mark))
  return marked.map(({ pid }) => ownerOf(null, pid))
}

/** What each worker of a run has in its environment, and so has whatever it starts. */
export function runMark(runId: string): string {
  return `NAC_BROKER_RUN_ID=${runId}`
}

/**
 * Gives up what the run of these orchestrators, and of their children, has in its store from other pid namespaces
 * than ours: of them nobody can tell from here that they are gone. For whoever was told so: the report directory
 * was let go, or somebody has removed who held it.
 */
export async function giveUpElsewhere(
  storePath: string,
  orchestrators: readonly ProcessIdentity[],
): Promise<void> {
  const self = ownerOf(null)
  const elsewhere = new Set(orchestrators.map(({ pidNamespace }) => pidNamespace))
  elsewhere.delete(self.pidNamespace)
  if (elsewhere.size === 0) return
  const isGone = (one: ProcessIdentity): boolean =>
    elsewhere.has(one.pidNamespace) || processIsGone(one)
  await using store = await openRunStore(storePath, { processes: { self, isGone } })
  const live = await store.generations.current()
  if (live && (await store.generations.isGone(live.owner))) {
    await store.generations.end(live.generation)
  }
  await store.ledger.reap()
}

/**
 * Ends what a run has left behind whose orchestrator is gone, and waits until it has ended: a guard
 * should have done so, but it may have been killed too.
 * @throws {BrokerError} `INTERNAL` when one cannot be ended
 */
export async function endLeftovers(
  processes: readonly ProcessIdentity[],
  clock: Clock,
): Promise<void> {
  const alive = processes.filter((one) => one.pid !== process.pid && processIsAlive(one))
  for (const { pid } of alive) {
    kill(-pid)
    kill(pid)
  }
  const endMs = clock.now() + PATIENCE_MS
  let pauseMs = FIRST_LOOK_MS
  for (let left = alive; left.length > 0; left = left.filter(processIsAlive)) {
    if (clock.now() > endMs) {
      const pids = left.map(({ pid }) => pid).join(', ')
      throw new BrokerError('INTERNAL', `the run's earlier processes do not end: pid ${pids}`)
    }
    // oxlint-disable-next-line no-await-in-loop -- between two looks
    await clock.sleep(pauseMs)
    pauseMs = Math.min(pauseMs * 2, LONGEST_LOOK_MS)
  }
}

function kill(target: number): void {
  try {
    process.kill(target, 'SIGKILL')
  } catch {
    // It has ended, or leads no group.
  }
}
