/**
 * What must outlive a crash, in one SQLite file that every process of a run shares.
 *
 *   store            openRunStore: everything below over one connection
 *   generations      the run's brokers; at most one is live
 *   supervision      who keeps a broker running, and whether no other will follow
 *   owner            who holds something, and whether it is certainly gone
 *   outcomes         what became of each change, by key: sent at most once
 *   change           a change and its fingerprint
 *   carry-out        sends one, and records what became of it
 *   recorded-output  what whoever asks for it again is told
 *   epochs           end with whatever may have changed a device
 *   outputs          what read-only commands showed, by device, command and epoch
 *   session-ledger   who may have a session open to which device
 *     slot-queue       the queue for slots, as rows
 *     lease            one slot, held
 *     reaper           removes what the dead left
 *   turn             how long one who has a slot keeps it while others wait
 *   events           what happened, in order
 *   checkpoints      how far each worker has come
 *   store-failure    what callers are told of a store that refused something
 *   statement        SQL, compiled when it is first used
 *   connection       short transactions, patient with other processes' locks
 *   open-database    store-file, network-file-system, schema: a file that may be used as a store
 *
 * One change: outcomes.markSent -> generations.requireLive -> epochs.bump, all in one transaction of
 * connection.write.
 */
export { carryOut } from './carry-out.ts'
export { type Change, fingerprintOf } from './change.ts'
export type { Checkpoints } from './checkpoints.ts'
export type { Epochs } from './epochs.ts'
export type { Events, StoredEvent } from './events.ts'
export type { Generation, Generations } from './generations.ts'
export type { Lease } from './lease.ts'
export type { Outcomes } from './outcomes.ts'
export type { Output, Outputs } from './outputs.ts'
export {
  type Owner,
  ownerOf,
  processIsAlive,
  processIsGone,
  type Processes,
  type ProcessIdentity,
} from './owner.ts'
export type { AcquireOptions, HeldLease, SessionLedger, SessionLimits } from './session-ledger.ts'
export { recordedOutput } from './recorded-output.ts'
export { openRunStore, type RunStore, type RunStoreOptions } from './store.ts'
export type { Wanted } from './slot-queue.ts'
export type { Supervision } from './supervision.ts'
export { Turn } from './turn.ts'
export { asStoreError } from './store-failure.ts'
export { RunStoreError, type RunStoreErrorCode } from './store-error.ts'
