import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { BrokerError } from '@nac-broker/protocol'
import {
  openRunStore,
  processIsGone,
  type ProcessIdentity,
  type RunStore,
  RunStoreError,
} from '@nac-broker/run-store'
import type { Logger } from 'pino'

/**
 * The store of a run that begins here. What an earlier run left at the same path goes; one that is in
 * use stays, and is refused. No usable store is no reason not to run.
 */
export async function freshStore(path: string, log: Logger): Promise<RunStore | undefined> {
  try {
    const left = await openRunStore(path)
    try {
      await requireUnused(left)
    } finally {
      await left.close()
    }
    for (const suffix of ['', '-wal', '-shm']) await rm(path + suffix, { force: true })
    const store = await openRunStore(path)
    await store.supervision.begin()
    return store
  } catch (error) {
    if (error instanceof BrokerError) throw error
    log.warn(
      { err: error },
      'the run goes on without a store: after a crash the cache is cold, and changes fail closed',
    )
    return undefined
  }
}

/**
 * The store as an earlier orchestrator of this run left it: the keys of its changes and its checkpoints
 * hold, its last generation is over. What devices showed is forgotten: nobody watched them meanwhile.
 * Without it nobody could tell what was sent, so one that cannot be used is an error.
 * @throws {BrokerError} `STORE_UNAVAILABLE`
 */
export async function resumedStore(path: string): Promise<RunStore> {
  let store: RunStore | undefined
  try {
    store = await openRunStore(path)
    const live = await requireUnused(store)
    if (live !== undefined) await store.generations.end(live)
    await store.outputs.clear()
    await store.supervision.begin()
    return store
  } catch (error) {
    await store?.close()
    if (!(error instanceof RunStoreError)) throw error
    throw new BrokerError('STORE_UNAVAILABLE', error.message, { cause: error })
  }
}

/** The process of the living run whose store that is, where there is one and the store can say so. */
export async function holderOf(path: string): Promise<number | undefined> {
  if (!existsSync(path)) return undefined
  try {
    await using store = await openRunStore(path)
    return (await holder(store))?.pid
  } catch {
    return undefined
  }
}

/** Returns the generation that is live in it, if there is one. */
async function requireUnused(store: RunStore): Promise<number | undefined> {
  const held = await holder(store)
  if (!held) return (await store.generations.current())?.generation
  throw new BrokerError(
    'STORE_UNAVAILABLE',
    `store ${store.path} belongs to the living run of pid ${held.pid}; stop that, or choose another path`,
  )
}

/** Its broker, or whoever supervises it: that one may have no broker at the moment, or no other any more. */
async function holder({
  generations,
  supervision,
}: RunStore): Promise<ProcessIdentity | undefined> {
  const broker = (await generations.current())?.owner
  if (broker && !processIsGone(broker)) return broker
  const supervisor = await supervision.supervisor()
  return supervisor && !processIsGone(supervisor) ? supervisor : undefined
}
