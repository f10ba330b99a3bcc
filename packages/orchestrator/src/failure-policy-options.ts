import { BrokerError } from '@nac-broker/protocol'
import type { FailurePolicy } from './failure-policy.ts'

/** A failure policy as it is asked for; what is left out has a default. */
export interface FailurePolicyOptions {
  /** Default `fail_fast`. */
  name?: FailurePolicy['name']
  /** Default 1, and all under `fail_fast` and `retry_once`. */
  minAgentsRequired?: number
  /** Default 0. Under `retry_once` it is 1, and can be nothing else. */
  retryAttempts?: number
  /** The first pause, at most; each further one is up to twice as long. Default 10 s. */
  retryDelayMs?: number
  /** Where a file says so, `file:line: key`, for the error. */
  places?: { minAgentsRequired?: string; retryAttempts?: string }
}

/** @throws {BrokerError} `CONFIG_INVALID` for a policy that so many workers can never satisfy. */
export function resolveFailurePolicy(
  options: FailurePolicyOptions,
  declared: number,
): FailurePolicy {
  const {
    name = 'fail_fast',
    minAgentsRequired: min,
    retryAttempts: attempts,
    places = {},
  } = options
  if (min !== undefined && min > declared) {
    throw invalid(
      places.minAgentsRequired ?? 'minAgentsRequired',
      `${min} is more than the ${declared} worker${declared === 1 ? '' : 's'} of this run; give at most ${declared}`,
    )
  }
  if (name === 'retry_once' && attempts !== undefined && attempts !== 1) {
    throw invalid(
      places.retryAttempts ?? 'retryAttempts',
      `${attempts} cannot be with retry_once, which retries exactly once; leave it out or choose another failure policy`,
    )
  }
  const all = name === 'fail_fast' || name === 'retry_once'
  return {
    name,
    minAgentsRequired: min ?? (all ? declared : 1),
    retryAttempts: attempts ?? (name === 'retry_once' ? 1 : 0),
    retryDelayMs: options.retryDelayMs ?? 10_000,
  }
}

function invalid(where: string, what: string): BrokerError {
  return new BrokerError('CONFIG_INVALID', `${where}: ${what}`)
}
