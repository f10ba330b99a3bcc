import { BrokerError } from '@nac-broker/protocol'
import type { Config } from '../config/config.ts'
import { PORT } from '../config/setting.ts'
import type { StatusServerOptions } from '../status-server/settings.ts'
import { flag } from './subcommand.ts'

export const statusPortFlag = flag(
  '--status-port <port>',
  'serve the status page there; 0: any free port',
  PORT,
  'NAC_BROKER_STATUS_PORT',
)

const TOKEN_ENV = 'NAC_BROKER_STATUS_TOKEN'

/**
 * Where the status is served, if it was asked for; a flag beats the config.
 * @throws {BrokerError} `CONFIG_INVALID` where the config names a variable for the token that is not set
 */
export function statusOf(
  { statusPort }: { statusPort?: number },
  { status }: Pick<Config, 'status'>,
): StatusServerOptions | undefined {
  const port = statusPort ?? status?.port
  if (port === undefined) return undefined
  const name = status?.tokenEnv ?? TOKEN_ENV
  // One that is empty is none.
  const token = process.env[name] || undefined
  if (status?.tokenEnv !== undefined && token === undefined) {
    throw new BrokerError(
      'CONFIG_INVALID',
      `${status.place}: status.token_env: ${name} is not set; set it, or leave out token_env`,
    )
  }
  return { port, host: status?.host, token }
}
