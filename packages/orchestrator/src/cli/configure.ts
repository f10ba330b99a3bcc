import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { BrokerError } from '@nac-broker/protocol'
import type { Command } from 'commander'
import { CRASH_POLICY, MILLISECONDS, TEXT } from '../config/setting.ts'
import { fileTrouble } from '../file-trouble.ts'
import type { ClientFlags } from './client-call.ts'
import { printJson, printText } from './output.ts'
import { argument, flag, subcommand } from './subcommand.ts'

interface ConfigureFlags extends ClientFlags {
  file?: string
  key?: string
}

export function configureCommand(exit: (code: number) => void): Command {
  return subcommand('configure', 'Configuration lines on a device, through the broker', 'warn')
    .addArgument(argument('device', 'its name in the testbed'))
    .argument('[lines...]', 'one argument each')
    .addOption(flag('--file <file>', 'the lines are in it; - is stdin', TEXT))
    .addOption(flag('--socket <path>', 'default: $NAC_TEST_BROKER_SOCKET', TEXT))
    .addOption(flag('--timeout-ms <n>', 'everything included; default 120000', MILLISECONDS))
    .addOption(
      flag('--policy <policy>', 'when the broker is lost; default: what it says', CRASH_POLICY),
    )
    .addOption(
      flag('--store <path>', "to fall back: the run's store; default: what the broker says", TEXT),
    )
    .addOption(flag('--testbed <file>', 'to fall back: default: $NAC_TEST_TESTBED', TEXT))
    .addOption(flag('--key <key>', 'names this change: it is made at most once in the run', TEXT))
    .option('--json', 'one JSON document')
    .action(async (device: string, lines: string[], flags: ConfigureFlags) =>
      exit(await configure(device, lines, flags)),
    )
}

async function configure(device: string, given: string[], flags: ConfigureFlags): Promise<number> {
  const lines = await linesOf(given, flags.file)
  const { callBroker } = await import('./client-call.ts')
  return callBroker(flags, device, async (client, limits) => {
    const result = await client.configure(device, lines, { ...limits, key: flags.key })
    if (flags.json) printJson({ device, lines: lines.length, ...result })
    else printText(result.output)
  })
}

/** @throws {BrokerError} `CONFIG_INVALID` unless there are lines, from one place. */
async function linesOf(given: readonly string[], file: string | undefined): Promise<string[]> {
  if (file !== undefined && given.length > 0) throw usage('give lines or --file, not both')
  if (file === undefined && given.length === 0) throw usage('give lines, or --file FILE')
  const written = file === undefined ? given : (await read(file)).split(/\r?\n/)
  const lines = written.filter((line) => line.trim() !== '')
  if (lines.length === 0) throw usage(`there are no lines in ${file ?? 'the arguments'}`)
  return lines
}

async function read(file: string): Promise<string> {
  if (file === '-') return text(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw usage(`--file: ${file} cannot be read: ${fileTrouble(error)}`)
  }
}

function usage(what: string): BrokerError {
  return new BrokerError('CONFIG_INVALID', `configure: ${what}`)
}
