/** A process that has the store at argv[2] open and does what it is told over IPC. */
import { systemClock } from '@nac-broker/supervisor'
import type { Task } from './actor-process.fixture.ts'
import { fingerprintOf } from './change.ts'
import type { Lease } from './lease.ts'
import { ownerOf } from './owner.ts'
import { openRunStore } from './store.ts'
import { RunStoreError } from './store-error.ts'

const store = await openRunStore(process.argv[2] ?? '')
const leases: Lease[] = []

async function perform(task: Task): Promise<unknown> {
  switch (task.do) {
    case 'write': {
      for (let n = 0; n < task.count; n++) await store.events.append({ pid: process.pid, n })
      return task.count
    }
    case 'write-for-ever':
      for (;;) {
        process.send?.({ written: await store.events.append({ padding: 'x'.repeat(2000) }) })
      }
    case 'race': {
      const won: string[] = []
      for (const key of task.keys) if (await wins(key, task)) won.push(key)
      return won
    }
    case 'acquire': {
      const { device, maxPerDevice, waitMs } = task
      const lease = await store.ledger.acquire({
        device,
        owner: ownerOf(null),
        maxPerDevice,
        maxTotal: 100,
        deadlineMs: systemClock.now() + waitMs,
        onWait: (before) => process.send?.({ waiting: before }),
      })
      leases.push(lease)
      if (task.childPid !== undefined) await lease.setChildPid(task.childPid)
      return lease.id
    }
    case 'release':
      return leases.shift()?.release()
    case 'put':
      return store.outputs.put({ ...task, content: Buffer.from(task.text), ttlMs: 60_000 })
    case 'end-epoch':
      return store.epochs.endEpoch(task.device)
  }
}

async function wins(key: string, { how }: { how: 'send' | 'void' }): Promise<boolean> {
  const change = { key, device: 'r1', fingerprint: fingerprintOf('configure', ['shutdown']) }
  if (how === 'void') return store.outcomes.voidKey(change)
  try {
    await store.outcomes.markSent(change, 1)
    return true
  } catch (error) {
    if (error instanceof RunStoreError && error.code === 'KEY_TAKEN') return false
    throw error
  }
}

process.on('message', ({ id, task }: { id: number; task: Task }) => {
  perform(task).then(
    (result) => process.send?.({ id, result }),
    (error: Error) => process.send?.({ id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
process.send?.({ ready: true })
