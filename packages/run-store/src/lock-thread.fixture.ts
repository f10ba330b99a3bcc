/** A thread that waits for the write lock of the store at `workerData`, which it holds itself. */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { openRunStore } from './store.ts'

const store = await openRunStore(workerData as string)
new DatabaseSync(workerData as string).exec('BEGIN IMMEDIATE')
const writing = store.events.append({ kind: 'waits' })
// The attempt itself blocks this thread; this message leaves before it.
parentPort?.postMessage('waiting', [])
await writing
