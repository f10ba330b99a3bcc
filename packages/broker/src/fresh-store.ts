import { rm } from 'node:fs/promises'
import { BrokerError } from '@nac-broker/protocol'
import { openRunStore, processIsGone, type RunStore } from '@nac-broker/run-store'
import type { Logger } from 'pino'

/**
 * The store of this run, which begins here. What an earlier run left at the same path goes; one that
 * is in use stays, and is refused. No usable store is no reason not to run.
 */
export async function freshStore(path: string, log: Logger): Promise<RunStore | undefined> {
  try {
    const left = await openRunStore(path)
    const live = await left.generations.current()
    const inUse = live !== undefined && !processIsGone(live.owner)
    await left.close()
    if (inUse) {
      const { pid } = live.owner
      throw new BrokerError(
        'STORE_UNAVAILABLE',
        `store ${path} belongs to the living run of pid ${pid}; stop that, or choose another path`,
      )
    }
    for (const suffix of ['', '-wal', '-shm']) await rm(path + suffix, { force: true })
    return await openRunStore(path)
  } catch (error) {
    if (error instanceof BrokerError) throw error
    log.warn(
      { err: error },
      'the run goes on without a store: after a crash the cache is cold, and changes fail closed',
    )
    return undefined
  }
}
