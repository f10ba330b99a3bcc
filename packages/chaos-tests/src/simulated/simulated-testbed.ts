import type { Testbed } from '@nac-broker/devices'
import { parseTestbed } from '../../../devices/src/testbed/load.ts'

/** The environment variable that has the devices' password. */
export const PASSWORD = 'NAC_BROKER_SIMULATED_PASSWORD'

const known = new Map<number, Promise<Testbed>>()

/** Of devices that are reached by nobody but a simulation; the same object for the same number of them. */
export function simulatedTestbed(devices: number): Promise<Testbed> {
  const testbed = known.get(devices) ?? parseTestbed(textOf(devices), 'simulated.yaml')
  known.set(devices, testbed)
  return testbed
}

function textOf(devices: number): string {
  const each = Array.from(
    { length: devices },
    (_, at) => `  sim-${at + 1}:
    os: iosxe
    connections:
      cli: { protocol: ssh, ip: 192.0.2.${at + 1} }
`,
  )
  return `testbed:
  credentials:
    default: { username: simulated, password: "%ENV{${PASSWORD}}" }
devices:
${each.join('')}`
}
