import type { Command } from 'commander'
import { TEXT } from '../config/setting.ts'
import type { ClientFlags } from './client-call.ts'
import { printJson, printLine } from './output.ts'
import { flag, subcommand } from './subcommand.ts'

/** The broker answers from what it knows, at once. */
const TIMEOUT_MS = 5_000

export function statusCommand(exit: (code: number) => void): Command {
  return subcommand(
    'status',
    'Devices, sessions, queues, clients, cache, generation, restarts, uptime',
    'warn',
  )
    .addOption(flag('--socket <path>', 'default: $NAC_TEST_BROKER_SOCKET', TEXT))
    .option('--json', 'one JSON document; with --watch one for each event, too')
    .option('--watch', 'as it changes, until it is interrupted')
    .action(async ({ watch, ...flags }: ClientFlags & { watch?: boolean }) =>
      exit(await (watch ? watching(flags) : status(flags))),
    )
}

async function watching(flags: ClientFlags): Promise<number> {
  const { callBroker } = await import('./client-call.ts')
  const { watchStatus } = await import('./status-watch.ts')
  // A broker that is restarted is waited for.
  const patient = { ...flags, policy: 'restart' }
  return callBroker(patient, undefined, (client, { signal }) => {
    return watchStatus(client, { json: flags.json, signal })
  })
}

async function status(flags: ClientFlags): Promise<number> {
  const { callBroker } = await import('./client-call.ts')
  const { statusText } = await import('./status-text.ts')
  return callBroker({ ...flags, timeoutMs: TIMEOUT_MS }, undefined, async (client, limits) => {
    const result = await client.status(limits)
    if (flags.json) printJson(result)
    else printLine(statusText(result))
  })
}
