/** A thread that writes to the store at `workerData` until it is terminated. */
import { parentPort, workerData } from 'node:worker_threads'
import { openRunStore } from './store.ts'

const store = await openRunStore(workerData as string)
for (;;) parentPort?.postMessage(await store.events.append({ padding: 'x'.repeat(2000) }), [])
