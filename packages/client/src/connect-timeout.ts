import { BrokerError } from '@nac-broker/protocol'

const VARIABLE = 'NAC_BROKER_CONNECT_TIMEOUT_MS'
const DEFAULT_MS = 5_000
const MAX_MS = 86_400_000

/**
 * What a connect may take that does not say, in milliseconds: as the run has it, which only the
 * environment can tell, since before the connect there is no welcome.
 * @throws {BrokerError} `CONFIG_INVALID` naming the variable
 */
export function connectTimeoutOf(env: NodeJS.ProcessEnv): number {
  const text = env[VARIABLE]
  if (text === undefined || text === '') return DEFAULT_MS
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (ms >= 1 && ms <= MAX_MS) return ms
  const allowed = `allowed: a whole number from 1 to ${MAX_MS}`
  const what = `${VARIABLE}: ${JSON.stringify(text)} is not allowed (${allowed})`
  throw new BrokerError('CONFIG_INVALID', what)
}
