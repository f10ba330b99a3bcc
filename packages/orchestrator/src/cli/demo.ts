import type { Command } from 'commander'
import { oneOf, wholeNumber } from '../config/setting.ts'
import type { DemoResult } from '../demo/demo.ts'
import type { DemoPolicy, Kill } from '../demo/verdict.ts'
import { EXIT } from './exit-codes.ts'
import { onInterrupt } from './interrupt.ts'
import { printJson, printLine } from './output.ts'
import { type CommonFlags, flag, subcommand } from './subcommand.ts'

interface DemoFlags extends CommonFlags {
  policy: DemoPolicy
  devices: number
  workers: number
  commands: number
  json?: boolean
}

const POLICY = oneOf('restart', 'fallback', 'abort')

export function demoCommand(exit: (code: number) => void): Command {
  const description = 'A whole run on simulated devices, whose broker is killed half-way'
  // The broker's death makes errors in the log, and is no trouble here.
  return subcommand('demo', description, 'fatal')
    .addOption(flag('--policy <policy>', 'when the broker is lost', POLICY).default('restart'))
    .addOption(flag('--devices <n>', 'simulated, behind real SSH', wholeNumber(1, 500)).default(4))
    .addOption(flag('--workers <n>', 'subprocesses', wholeNumber(1, 200)).default(4))
    .addOption(
      flag(
        '--commands <n>',
        'in all, enough for half of them to be left',
        wholeNumber(20, 1_000_000),
      ).default(200),
    )
    .option('--json', 'one JSON document')
    .action(async (flags: DemoFlags) => exit(await demo(flags)))
}

async function demo({ json = false, logLevel, ...asked }: DemoFlags): Promise<number> {
  const { policy, devices, workers, commands } = asked
  const { runDemo } = await import('../demo/demo.ts')
  const { closingDocument, closingText, interruptedText } = await import('./closing-text.ts')
  const { createLog } = await import('./log.ts')
  const { bar, progress } = await import('./progress-bar.ts')
  using interrupt = onInterrupt()
  const { signal, hurry } = interrupt
  if (!json) {
    printLine(
      `${devices} simulated devices, ${workers} workers, ${commands} commands, crash policy ${policy}`,
    )
  }
  const shown = json ? bar('commands', commands) : progress('commands', commands)
  const result = await runDemo({
    ...asked,
    signal,
    hurry,
    log: createLog(logLevel, (text) => shown.log(text)),
    onProgress: (answered) => shown.update(answered),
    onKill: (kill) => json || shown.say(killLine(kill, commands)),
  }).finally(() => shown.stop())
  const exitCode = exitCodeOf(result)
  if (json) printJson(closingDocument(result, { policy, exitCode }))
  else if (result.interrupted) printLine(interruptedText(result, signal.reason as Error))
  else printLine(closingText(result))
  return exitCode
}

function killLine({ pid, answered }: Kill, commands: number): string {
  return `${answered} of ${commands} commands answered: the broker (pid ${pid}) is killed with SIGKILL`
}

function exitCodeOf({ interrupted, report, promises }: DemoResult): number {
  if (interrupted) return report.exitCode
  return promises.every(({ kept }) => kept) ? EXIT.ok : EXIT.failed
}
