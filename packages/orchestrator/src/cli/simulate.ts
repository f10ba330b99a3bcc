import type { Command } from 'commander'
import { oneOf, TEXT, wholeNumber } from '../config/setting.ts'
import { EXIT } from './exit-codes.ts'
import { aborted, onInterrupt } from './interrupt.ts'
import { printed, printJson } from './output.ts'
import { type CommonFlags, flag, subcommand } from './subcommand.ts'

interface SimulateFlags extends CommonFlags {
  devices: number
  testbedOut?: string
  deviceLog?: string
  platform: 'iosxe'
  latencyMs: number
  maxSessions: number
}

export function simulateCommand(exit: (code: number) => void): Command {
  return subcommand('simulate', 'Devices that speak real SSH on loopback, until SIGTERM', 'warn')
    .addOption(flag('--devices <n>', 'how many', wholeNumber(1, 1_000)).default(4))
    .addOption(flag('--testbed-out <file>', 'write a pyATS testbed for them', TEXT))
    .addOption(flag('--device-log <file>', 'append what reaches them, JSON lines', TEXT))
    .addOption(flag('--platform <os>', 'what they are', oneOf('iosxe')).default('iosxe'))
    .addOption(
      flag('--latency-ms <n>', 'before each answer', wholeNumber(0, 86_400_000)).default(5),
    )
    .addOption(flag('--max-sessions <n>', 'of one device', wholeNumber(1, 1_000)).default(4))
    .action(async (flags: SimulateFlags) => exit(await simulate(flags)))
}

async function simulate(flags: SimulateFlags): Promise<number> {
  const { devices: count, testbedOut, deviceLog, platform, latencyMs, maxSessions } = flags
  const { startSimulator } = await import('@nac-broker/devices')
  using interrupt = onInterrupt()
  await using simulator = await startSimulator({
    devices: count,
    platform,
    latencyMs,
    maxSessions,
    ...(deviceLog !== undefined && { deviceLog }),
  })
  if (testbedOut !== undefined) await simulator.writeTestbed(testbedOut)
  const devices = simulator.devices.map(({ name, port }) => ({ name, port }))
  printJson({ event: 'ready', devices })
  // Nobody knows where they are otherwise.
  if (await printed()) await aborted(interrupt.signal)
  return EXIT.ok
}
