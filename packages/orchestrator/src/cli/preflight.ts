import type { Command } from 'commander'
import { TEXT } from '../config/setting.ts'
import { interruptionExitCode } from '../interruption.ts'
import type { DevicePreflight } from '../preflight/report.ts'
import { EXIT } from './exit-codes.ts'
import { onInterrupt } from './interrupt.ts'
import { printJson, printLine } from './output.ts'
import { type CommonFlags, ENVIRONMENT_HELP, flag, subcommand } from './subcommand.ts'
import { testbedFlag, testbedOf } from './testbed-flag.ts'

interface PreflightFlags extends CommonFlags {
  testbed?: string
  config?: string
  json?: boolean
}

export function preflightCommand(exit: (code: number) => void): Command {
  return subcommand('preflight', 'Logs in to every device, step by step', 'warn')
    .addOption(testbedFlag)
    .addOption(flag('--config <file>', 'default: nac-broker.yaml, if there is one', TEXT))
    .option('--json', 'one JSON document')
    .addHelpText('after', ENVIRONMENT_HELP)
    .action(async (flags: PreflightFlags) => exit(await look(flags)))
}

async function look(flags: PreflightFlags): Promise<number> {
  const { loadConfig } = await import('../config/load.ts')
  const { loadTestbed } = await import('@nac-broker/devices')
  const { preflight } = await import('../preflight/preflight.ts')
  const { deviceLine, preflightText } = await import('./preflight-text.ts')
  const { bar } = await import('./progress-bar.ts')
  const config = await loadConfig(flags.config, process.env)
  const testbed = await loadTestbed(await testbedOf(flags, config))
  const { maxConnections, loginTimeoutMs, hostKeys } = config.broker
  using interrupt = onInterrupt()
  const { signal } = interrupt
  const shown = bar('devices', testbed.deviceNames.length - testbed.problems.length)
  const withLines = !flags.json && !process.stderr.isTTY
  let looked = 0
  const onDevice = (device: DevicePreflight): void => {
    shown.update(++looked)
    if (withLines) printLine(deviceLine(device))
  }
  try {
    const options = { maxConnections, loginTimeoutMs, hostKeys, onDevice, signal }
    const report = await preflight(testbed, options)
    shown.stop()
    if (flags.json) printJson(report)
    else printLine(preflightText(report))
    return report.unreachable.length === 0 ? EXIT.ok : EXIT.unreachable
  } catch (error) {
    if (signal.aborted) return interruptionExitCode(signal.reason)
    throw error
  } finally {
    shown.stop()
  }
}
