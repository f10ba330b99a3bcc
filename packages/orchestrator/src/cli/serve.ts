import type { Command } from 'commander'
import { TEXT } from '../config/setting.ts'
import { interruptionExitCode } from '../interruption.ts'
import { EXIT } from './exit-codes.ts'
import { aborted, onInterrupt } from './interrupt.ts'
import { printJson } from './output.ts'
import { type CommonFlags, flag, subcommand } from './subcommand.ts'
import { testbedFlag, testbedOf } from './testbed-flag.ts'

interface ServeFlags extends CommonFlags {
  testbed?: string
  config?: string
  socket?: string
}

/** Leaves room, within the 10 s that SIGTERM may take, for what comes after the drain. */
const DRAIN_MS = 8_000

export function serveCommand(exit: (code: number) => void): Command {
  return subcommand('serve', 'Just the broker, in the foreground', 'info')
    .addOption(testbedFlag)
    .addOption(flag('--config <file>', 'default: nac-broker.yaml, if there is one', TEXT))
    .addOption(flag('--socket <path>', 'default: a fresh one in a private directory', TEXT))
    .action(async (flags: ServeFlags) => exit(await serve(flags)))
}

async function serve(flags: ServeFlags): Promise<number> {
  const { loadConfig } = await import('../config/load.ts')
  const config = await loadConfig(flags.config)
  const testbed = await testbedOf(flags, config)
  const { startBroker } = await import('@nac-broker/broker')
  const { createLog } = await import('./log.ts')
  using interrupt = onInterrupt()
  const broker = await startBroker({
    ...config.broker,
    testbed,
    ...(flags.socket !== undefined && { socketPath: flags.socket }),
    log: createLog(flags.logLevel),
  })
  const { socketPath, generation } = broker
  printJson({ event: 'listening', socket: socketPath, generation, pid: process.pid })
  await aborted(interrupt.signal)
  const inAHurry = aborted(interrupt.hurry).then(() => interruptionExitCode(interrupt.hurry.reason))
  const drained = broker.close({ deadlineMs: DRAIN_MS }).then(() => EXIT.ok)
  return await Promise.race([drained, inAHurry])
}
