/** A simulated device without latency. Ends when it is cut off. */
import { startSimulator } from '@nac-broker/devices'
import { readyUntilCutOff } from './lifetime.ts'

const [testbed] = process.argv.slice(2)
if (!testbed) throw new Error('usage: device.ts TESTBED')
await using simulator = await startSimulator({ devices: 1, latencyMs: 0 })
await simulator.writeTestbed(testbed)
await readyUntilCutOff()
