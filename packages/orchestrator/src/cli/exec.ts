import type { Command } from 'commander'
import { CRASH_POLICY, MILLISECONDS, TEXT } from '../config/setting.ts'
import type { ClientFlags } from './client-call.ts'
import { printJson, printText } from './output.ts'
import { argument, flag, subcommand } from './subcommand.ts'

interface ExecFlags extends ClientFlags {
  idempotent?: boolean
  cache: boolean
  key?: string
}

export function execCommand(exit: (code: number) => void): Command {
  return subcommand('exec', 'One command on a device, through the broker', 'warn')
    .addArgument(argument('device', 'its name in the testbed'))
    .addArgument(argument('command', 'one line'))
    .addOption(flag('--socket <path>', 'default: $NAC_TEST_BROKER_SOCKET', TEXT))
    .addOption(flag('--timeout-ms <n>', 'everything included; default 120000', MILLISECONDS))
    .option('--idempotent', 'it may be run again without harm')
    .option('--no-cache', 'execute it now, whatever the cache holds')
    .addOption(
      flag('--policy <policy>', 'when the broker is lost; default: what it says', CRASH_POLICY),
    )
    .addOption(
      flag('--store <path>', "to fall back: the run's store; default: what the broker says", TEXT),
    )
    .addOption(flag('--testbed <file>', 'to fall back: default: $NAC_TEST_TESTBED', TEXT))
    .addOption(flag('--key <key>', 'names this change: it is made at most once in the run', TEXT))
    .option('--json', 'one JSON document')
    .action(async (device: string, command: string, flags: ExecFlags) =>
      exit(await exec(device, command, flags)),
    )
}

async function exec(device: string, command: string, flags: ExecFlags): Promise<number> {
  const { idempotent = false, cache, key, json } = flags
  const { callBroker } = await import('./client-call.ts')
  return callBroker(flags, device, async (client, limits) => {
    const result = await client.execute(device, command, { ...limits, idempotent, cache, key })
    if (json) printJson({ device, command, ...result })
    else printText(result.output)
  })
}
