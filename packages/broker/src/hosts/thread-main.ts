import { parentPort, workerData } from 'node:worker_threads'
import { useCompileCache } from './compile-cache.ts'
import type { ToHosted } from './host.ts'

useCompileCache(workerData.compileCache)
const { runHostedBroker } = await import('./hosted-broker.ts')

if (!parentPort) throw new Error('this is the first file of a worker thread')
const port = parentPort

runHostedBroker({
  post: (message) => port.postMessage(message),
  onMessage: (listener) => port.on('message', (message: ToHosted) => listener(message)),
  close: () => port.close(),
})
