import { BrokerError } from '@nac-broker/protocol'
import type { Cli } from './cli.ts'
import { configure, leaveConfiguration } from './configuration.ts'
import { refusalIn } from './refusal.ts'

/**
 * From a fresh connection to the `work` prompt with paging off. `enablePassword` is asked only if the
 * device asks.
 * @throws {BrokerError} `AUTHENTICATION_FAILED`, `SESSION_LIMIT`, `COMMAND_REJECTED` for
 * `init_config_commands`, what `enablePassword` throws, and why the dialogue is over
 */
export async function logIn(cli: Cli, enablePassword: () => string): Promise<void> {
  const { platform, initConfigCommands } = cli.device
  await cli.firstPrompt()
  await leaveConfiguration(cli)
  if (cli.level === 'login') await enable(cli, enablePassword)
  for (const command of platform.disablePaging) {
    // oxlint-disable-next-line no-await-in-loop -- one line at a time
    await cli.type(command)
  }
  // Not before: a banner may have looked like a prompt, but what follows an echo is one.
  cli.learnPrompt()
  if (initConfigCommands.length > 0) await configure(cli, initConfigCommands)
}

async function enable(cli: Cli, password: () => string): Promise<void> {
  const { name: device, platform } = cli.device
  if (!platform.enable) return
  const { command, passwordPrompt } = platform.enable
  const output = await cli.typeWithPassword(command, passwordPrompt, password)
  if (cli.level === 'work') return
  const words = refusalIn(output, platform.errorPatterns)
  const why = words === undefined ? '' : ` ("${cli.quote(words, 80)}")`
  const message = `${device}: "${command}" was refused${why}; check the credential named "enable"`
  throw new BrokerError('AUTHENTICATION_FAILED', message, { device })
}
