/** Simulated devices. They end when they are cut off. */
import { startSimulator } from '@nac-broker/devices'
import type { Devices } from '../lab.ts'
import { readyUntilCutOff } from './lifetime.ts'

const [testbed = '', options = ''] = process.argv.slice(2)
const { slow = {}, ...devices } = JSON.parse(options) as Devices
await using simulator = await startSimulator(devices)
for (const device of simulator.devices) Object.assign(device, slow[device.name])
await simulator.writeTestbed(testbed)
await readyUntilCutOff()
