/** A simulated device without latency, in a process of its own. Ends when its standard input does. */
import { startSimulator } from '@nac-broker/devices'

const [testbed] = process.argv.slice(2)
if (!testbed) throw new Error('usage: device-process.ts TESTBED')
const simulator = await startSimulator({ devices: 1, latencyMs: 0 })
await simulator.writeTestbed(testbed)
console.log('ready')
process.stdin.resume()
await new Promise((resolve) => process.stdin.once('end', resolve))
await simulator.close()
