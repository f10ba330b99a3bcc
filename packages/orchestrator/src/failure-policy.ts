import type { RunReport, WorkerReport } from './report.ts'

export const FAILURE_POLICIES = [
  'fail_fast',
  'best_effort',
  'retry_once',
  'continue_if_majority',
] as const

/** When a run goes on although a worker failed, and what it takes to call it a success. */
export interface FailurePolicy {
  name: (typeof FAILURE_POLICIES)[number]
  /** So many workers have to pass. */
  minAgentsRequired: number
  /** How often a worker that failed is run again. */
  retryAttempts: number
  /** The first pause before that lasts up to this long; the bound doubles with each retry. */
  retryDelayMs: number
}

/** `failed` is final: a worker that is run again is `running`. */
export type WorkerState = WorkerReport['status'] | 'waiting' | 'running'

export type Decision = { goOn: true } | { goOn: false; reason: string }

/**
 * Whether the run goes on, given the state of every declared worker: until its policy can no longer be
 * satisfied, under `fail_fast` until the first failure.
 */
export function decide(policy: FailurePolicy, states: readonly WorkerState[]): Decision {
  const { name } = policy
  if (name === 'fail_fast' && states.includes('failed')) {
    return { goOn: false, reason: 'fail_fast stops at the first failure' }
  }
  const needed = neededBy(policy, states.length)
  const possible = countOf(states, 'passed', 'running', 'waiting')
  if (possible >= needed) return { goOn: true }
  const reason = `${name} needs ${needed} of ${states.length} to pass, and only ${possible} still can`
  return { goOn: false, reason }
}

export interface Ending {
  states: readonly WorkerState[]
  /** Why the broker was given up for good, if it was. */
  brokerLost?: string | undefined
  interrupted?: { exitCode: number; reason: string } | undefined
  /** Why no worker was started: devices that cannot be used, under a policy that minds. */
  unreachable?: string | undefined
  /** PARTIAL is a success. */
  partialOk?: boolean | undefined
}

/** What became of the run. An interruption that came too late to stop anybody changes nothing. */
export function outcome(
  policy: FailurePolicy,
  { states, brokerLost, interrupted, unreachable, partialOk = false }: Ending,
): Pick<RunReport, 'status' | 'exitCode' | 'reason'> {
  const passed = countOf(states, 'passed')
  if (passed === states.length) return { status: 'COMPLETE', exitCode: 0 }
  if (brokerLost !== undefined) return { status: 'ABORTED', exitCode: 4, reason: brokerLost }
  if (interrupted && passed + countOf(states, 'failed') < states.length) {
    return { status: 'ABORTED', ...interrupted }
  }
  if (unreachable !== undefined) return { status: 'FAILED', exitCode: 5, reason: unreachable }
  const needed = neededBy(policy, states.length)
  const reason = `${passed} of ${states.length} workers passed; ${policy.name} needs ${needed}`
  return passed >= needed
    ? { status: 'PARTIAL', exitCode: partialOk ? 0 : 3, reason }
    : { status: 'FAILED', exitCode: 1, reason }
}

/** How many of the declared workers have to pass; half of them are no majority. */
export function neededBy({ name, minAgentsRequired }: FailurePolicy, declared: number): number {
  const majority = name === 'continue_if_majority' ? Math.floor(declared / 2) + 1 : 0
  return Math.max(minAgentsRequired, majority)
}

function countOf(states: readonly WorkerState[], ...wanted: readonly WorkerState[]): number {
  return states.filter((state) => wanted.includes(state)).length
}
