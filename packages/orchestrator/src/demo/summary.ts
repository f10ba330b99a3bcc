import type { RunReport } from '../report.ts'
import { isWithoutTheFirst, type Journal } from './journal.ts'
import type { Kill } from './verdict.ts'
import type { Witnessed } from './witnessed.ts'

/** What a demo comes to. Every number is what clients have told or devices have logged. */
export interface Summary {
  commands: number
  answered: number
  fromCache: number
  viaDirect: number
  /** Commands that the devices executed. */
  executed: number
  /** Answered calls that were sent more than once. */
  retried: number
  /** Changes that a device executed more than once. */
  executedTwice: number
  outcomeUnknown: number
  /** From the kill to the first client that knows of it, in milliseconds; null where none does. */
  detectionMs: number | null
  /** From the kill to the first answer without the broker that was killed, in milliseconds. */
  recoveryMs: number | null
  logins: number
  /** Logins there would have been had each worker made its own, once. */
  loginsOfTheirOwn: number
  durationMs: number
  result: RunReport['status']
}

export function summarize({
  journal,
  kill,
  seen,
  report,
  commands,
}: {
  journal: Journal
  kill: Kill | undefined
  seen: Witnessed
  report: Pick<RunReport, 'status' | 'durationMs'>
  commands: number
}): Summary {
  const { answered, calls } = journal
  const sinceKill = (moments: readonly number[]): number | null => {
    if (!kill || moments.length === 0) return null
    return Math.round((Math.min(...moments) - kill.atMs) * 10) / 10
  }
  const recovered = answered.filter(isWithoutTheFirst).map(({ endedMs }) => endedMs)
  return {
    commands,
    answered: answered.length,
    fromCache: answered.filter(({ cached }) => cached).length,
    viaDirect: answered.filter(({ via }) => via === 'direct').length,
    executed: seen.executed,
    retried: answered.filter(({ attempts }) => attempts > 1).length,
    executedTwice: seen.changedTwice,
    outcomeUnknown: calls.filter((call) => 'code' in call && call.code === 'OUTCOME_UNKNOWN')
      .length,
    detectionMs: sinceKill(journal.lossesMs),
    recoveryMs: sinceKill(recovered),
    logins: seen.logins,
    loginsOfTheirOwn: new Set(calls.map(({ worker, device }) => `${worker} ${device}`)).size,
    durationMs: report.durationMs,
    result: report.status,
  }
}
