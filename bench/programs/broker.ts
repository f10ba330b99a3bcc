/** A broker by itself. Ends when it is cut off. */
import { startBroker } from '@nac-broker/broker'
import { readyUntilCutOff } from './lifetime.ts'

const [testbed, socketPath] = process.argv.slice(2)
if (!testbed || !socketPath) throw new Error('usage: broker.ts TESTBED SOCKET')
const broker = await startBroker({ testbed, socketPath })
await readyUntilCutOff()
await broker.close()
