/** A broker by itself, or one in a host. Says what memory it holds when it is asked. Ends when it is cut off. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startBroker, superviseBroker } from '@nac-broker/broker'
import type { Brokers } from '../lab.ts'
import { readyToBeAsked } from './lifetime.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const { host, ...options } = JSON.parse(process.argv[2] ?? '') as Brokers
const broker = host ? await superviseBroker({ ...options, host }) : await startBroker(options)
await readyToBeAsked(async () => {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
})
await broker.close()
