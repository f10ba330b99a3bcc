import type { Command } from 'commander'
import { MILLISECONDS, TEXT } from '../config/setting.ts'
import type { ClientFlags } from './client-call.ts'
import { printJson, printText } from './output.ts'
import { flag, subcommand } from './subcommand.ts'

interface ExecFlags extends ClientFlags {
  idempotent?: boolean
  cache: boolean
}

export function execCommand(exit: (code: number) => void): Command {
  return subcommand('exec', 'One command on a device, through the broker', 'warn')
    .argument('<device>', 'its name in the testbed')
    .argument('<command>', 'one line')
    .addOption(flag('--socket <path>', 'default: $NAC_TEST_BROKER_SOCKET', TEXT))
    .addOption(flag('--timeout-ms <n>', 'everything included; default 120000', MILLISECONDS))
    .option('--idempotent', 'it may be run again without harm')
    .option('--no-cache', 'execute it now, whatever the cache holds')
    .option('--json', 'one JSON document')
    .action(async (device: string, command: string, flags: ExecFlags) =>
      exit(await exec(device, command, flags)),
    )
}

async function exec(device: string, command: string, flags: ExecFlags): Promise<number> {
  const { idempotent = false, cache, json } = flags
  const { callBroker } = await import('./client-call.ts')
  return callBroker(flags, device, async (client, limits) => {
    const result = await client.execute(device, command, { ...limits, idempotent, cache })
    if (json) printJson({ device, command, ...result })
    else printText(result.output)
  })
}
