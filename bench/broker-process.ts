/** A broker in a process of its own, as a run has it. Ends when its standard input does. */
import { startBroker } from '@nac-broker/broker'

const [testbed, socketPath] = process.argv.slice(2)
if (!testbed || !socketPath) throw new Error('usage: broker-process.ts TESTBED SOCKET')
const broker = await startBroker({ testbed, socketPath })
console.log('ready')
process.stdin.resume()
await new Promise((resolve) => process.stdin.once('end', resolve))
await broker.close()
