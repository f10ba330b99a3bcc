import type { Command } from 'commander'
import { wholeNumber } from '../config/setting.ts'
import { EXIT } from './exit-codes.ts'
import { onInterrupt } from './interrupt.ts'
import { printLine } from './output.ts'
import { type CommonFlags, flag, subcommand } from './subcommand.ts'

interface DemoFlags extends CommonFlags {
  devices: number
  workers: number
  commands: number
}

export function demoCommand(exit: (code: number) => void): Command {
  return subcommand('demo', 'A whole run on simulated devices, with nothing to set up', 'warn')
    .addOption(flag('--devices <n>', 'simulated, behind real SSH', wholeNumber(1, 500)).default(4))
    .addOption(flag('--workers <n>', 'subprocesses', wholeNumber(1, 200)).default(4))
    .addOption(flag('--commands <n>', 'in all', wholeNumber(1, 1_000_000)).default(200))
    .action(async (flags: DemoFlags) => exit(await demo(flags)))
}

async function demo({ devices, workers, commands, logLevel }: DemoFlags): Promise<number> {
  const { runDemo } = await import('../demo/demo.ts')
  const { closingText } = await import('./closing-text.ts')
  const { createLog } = await import('./log.ts')
  const { progress } = await import('./progress-bar.ts')
  using interrupt = onInterrupt()
  const { signal, hurry } = interrupt
  printLine(`${devices} simulated devices, ${workers} workers, ${commands} commands`)
  const shown = progress('commands', commands)
  const onProgress = (done: number): void => shown.update(done)
  const log = createLog(logLevel)
  const result = await runDemo({
    devices,
    workers,
    commands,
    signal,
    hurry,
    log,
    onProgress,
  }).finally(() => shown.stop())
  printLine(closingText(result, { devices, workers, commands }))
  if (result.report.status === 'ABORTED') return result.report.exitCode
  const kept = result.promises.every((promised) => promised.kept)
  return result.report.status === 'COMPLETE' && kept ? EXIT.ok : EXIT.failed
}
