/** A broker by itself, or one in a host. Says what memory it holds when it is asked. Ends when it is cut off. */
import { startBroker, superviseBroker } from '@nac-broker/broker'
import { heldBytes } from '../held-memory.ts'
import type { Brokers } from '../lab.ts'
import { readyToBeAsked } from './lifetime.ts'

const { host, ...options } = JSON.parse(process.argv[2] ?? '') as Brokers
const broker = host ? await superviseBroker({ ...options, host }) : await startBroker(options)
await readyToBeAsked(heldBytes)
await broker.close()
