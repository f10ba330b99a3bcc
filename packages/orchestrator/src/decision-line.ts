import type { PolicyDecision } from '@nac-broker/protocol'

const CONSEQUENCES = {
  retry: 'it is run again',
  'go-on': 'the run goes on without it',
  stop: 'the run is stopped',
} as const

/** That a worker failed in this attempt, and what is done about it: one line for the log. */
export function decisionLine(
  { worker, reason, decision }: Pick<PolicyDecision, 'worker' | 'reason' | 'decision'>,
  attempt: number,
): string {
  return `worker "${worker}": attempt ${attempt} failed: ${reason}; ${CONSEQUENCES[decision]}`
}
