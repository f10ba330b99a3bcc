import type { HostName } from '@nac-broker/broker'
import { asBrokerError, BrokerError } from '@nac-broker/protocol'
import type { BrokerConfig, Config } from '../config/config.ts'

/**
 * The broker's settings; a flag beats the config.
 * @throws {BrokerError} `CONFIG_INVALID` where they cannot be together, with the config's line where
 * that is where the host is chosen
 */
export async function brokerOf(
  flags: { crashPolicy?: string | undefined; host?: HostName | undefined },
  { broker, hostPlace }: Pick<Config, 'broker' | 'hostPlace'>,
): Promise<BrokerConfig> {
  const given = Object.entries(flags).filter(([, value]) => value !== undefined)
  const settings: BrokerConfig = { ...broker, ...Object.fromEntries(given) }
  const { resolveSupervision } = await import('@nac-broker/broker')
  try {
    resolveSupervision(settings)
  } catch (error) {
    const { code, message } = asBrokerError(error)
    if (hostPlace === undefined || flags.host !== undefined) throw error
    throw new BrokerError(code, `${hostPlace}: broker.host: ${message}`, { cause: error })
  }
  return settings
}
