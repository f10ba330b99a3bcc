import { BrokerError } from './errors.ts'

const STEPS = ['restart', 'fallback', 'abort'] as const

/** What a client does when its broker is lost: the steps are tried in order, the last one always ends it. */
export type CrashPolicy =
  | readonly ['abort']
  | readonly ['fallback']
  | readonly ['restart', 'abort']
  | readonly ['restart', 'fallback']

/** It keeps the pooling, and it ends in words, not in a storm of logins. */
export const DEFAULT_CRASH_POLICY: CrashPolicy = ['restart', 'abort']

const POLICIES: readonly CrashPolicy[] = [
  ['abort'],
  ['fallback'],
  ['restart', 'abort'],
  ['restart', 'fallback'],
]

/**
 * Reads a policy as people write it: `restart,fallback`, or a list; a bare `restart` means
 * `restart,abort`.
 * @throws {BrokerError} `CONFIG_INVALID` for a step that does not exist and a chain that cannot be.
 */
export function parseCrashPolicy(given: string | readonly string[]): CrashPolicy {
  const steps = (typeof given === 'string' ? given.split(',') : given).map((step) => step.trim())
  const unknown = steps.find((step) => !STEPS.some((known) => known === step))
  if (unknown !== undefined) {
    throw invalid(steps, `there is no "${unknown}"`)
  }
  const chain = steps.length === 1 && steps[0] === 'restart' ? ['restart', 'abort'] : steps
  const policy = POLICIES.find(
    (known) => known.length === chain.length && known.every((step, at) => step === chain[at]),
  )
  if (policy) return policy
  const [first = ''] = chain
  const why =
    first === 'restart' ? 'restart is followed by one of the others' : `nothing follows "${first}"`
  throw invalid(steps, why)
}

function invalid(steps: readonly string[], why: string): BrokerError {
  return new BrokerError(
    'CONFIG_INVALID',
    `crash policy "${steps.join(',')}": ${why}; allowed are abort, fallback, restart,abort and restart,fallback`,
  )
}
