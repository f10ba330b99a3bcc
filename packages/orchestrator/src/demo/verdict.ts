import type { RunReport } from '../report.ts'
import { type Call, isWithoutTheFirst } from './journal.ts'
import type { Witnessed } from './witnessed.ts'
import { isChange } from './workload.ts'

export type DemoPolicy = 'restart' | 'fallback' | 'abort'

/** Something that is promised, and what was found. */
export interface Promised {
  promise: string
  found: string
  kept: boolean
}

export interface Kill {
  pid: number
  /** On the machine's monotonic clock, in milliseconds. */
  atMs: number
  /** How many commands had been answered. */
  answered: number
}

interface Limits {
  maxConnections: number
  maxSessionsPerDevice: number
}

/** All that is known of a demo once it is over. */
export interface Facts {
  policy: DemoPolicy
  limits: Limits
  /** How many commands there were to run. */
  commands: number
  /** Absent: there was nothing to kill. */
  kill: Kill | undefined
  calls: readonly Call[]
  seen: Witnessed
  report: Pick<RunReport, 'status' | 'exitCode'>
  /** Workers whose process is still there. */
  workersLeft: number
}

export function verdict(facts: Facts): Promised[] {
  const { policy, limits, commands, kill, seen } = facts
  const { maxConnections, maxSessionsPerDevice } = limits
  return [
    {
      promise: 'the broker is killed half-way',
      found: kill ? `pid ${kill.pid}, after ${kill.answered} of ${commands}` : 'there was none',
      kept: kill !== undefined,
    },
    ...(policy === 'abort' ? aborts(facts) : [answersAll(facts), finishes(facts)]),
    {
      promise: 'no change executed twice',
      found: `${seen.changedTwice} of ${seen.changes}`,
      kept: seen.changedTwice === 0,
    },
    {
      promise: `at most ${maxSessionsPerDevice} session on a device`,
      found: `at most ${seen.mostSessionsOfADevice}`,
      kept: seen.mostSessionsOfADevice <= maxSessionsPerDevice,
    },
    {
      promise: `at most ${maxConnections} sessions in all`,
      found: `at most ${seen.mostSessions}`,
      kept: seen.mostSessions <= maxConnections,
    },
  ]
}

/** A change that was in flight may have no outcome: it must not be sent again to find out. */
function answersAll({ calls, commands }: Facts): Promised {
  const right = calls.filter((call) => 'answer' in call && call.answer === 'right').length
  const inDoubt = calls.filter(
    (call) =>
      'code' in call &&
      call.code === 'OUTCOME_UNKNOWN' &&
      call.acrossLoss &&
      isChange(call.command),
  ).length
  const changes = inDoubt === 1 ? '1 change' : `${inDoubt} changes`
  const doubt = `; ${changes} in flight at the kill, outcome unknown: not sent again, as promised`
  return {
    promise: 'every command has its own answer',
    found: `${right} of ${commands}${inDoubt > 0 ? doubt : ''}`,
    kept: right + inDoubt === commands,
  }
}

function finishes({ policy, calls, report: { status } }: Facts): Promised {
  const after = calls.filter((call) => 'answer' in call).filter(isWithoutTheFirst)
  const direct = policy === 'fallback'
  return {
    promise: direct
      ? 'the run finishes, its clients on their own'
      : 'the run finishes, with the next broker',
    found: `${status}, ${after.length} answers ${direct ? 'directly' : 'from the next broker'}`,
    kept: status === 'COMPLETE' && after.every(({ via }) => (via === 'direct') === direct),
  }
}

function aborts({ calls, report, workersLeft, commands }: Facts): Promised[] {
  const answers = calls.filter((call) => 'answer' in call)
  const right = answers.filter(({ answer }) => answer === 'right').length
  const after = answers.filter(isWithoutTheFirst).length
  const { status, exitCode } = report
  const hint = right === commands ? '; no command was left to abort, try more' : ''
  return [
    {
      promise: 'every answer is the right one',
      found: `${right} of ${answers.length}`,
      kept: right === answers.length,
    },
    {
      promise: 'the run is aborted, and nobody goes on',
      found: `${status} with exit code ${exitCode}, ${after} answers after it${hint}`,
      kept: status === 'ABORTED' && exitCode === 4 && after === 0,
    },
    {
      promise: 'no worker is left running',
      found: `${workersLeft} left`,
      kept: workersLeft === 0,
    },
  ]
}
