import { parentPort } from 'node:worker_threads'
import type { ToHosted } from './host.ts'
import { runHostedBroker } from './hosted-broker.ts'

if (!parentPort) throw new Error('this is the first file of a worker thread')
const port = parentPort

runHostedBroker({
  post: (message) => port.postMessage(message),
  onMessage: (listener) => port.on('message', (message: ToHosted) => listener(message)),
  close: () => port.close(),
})
