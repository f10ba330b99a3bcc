import { BrokerError, type PolicyDecision } from '@nac-broker/protocol'
import { type MemberSpec, runGroup, type SupervisionEvent } from '@nac-broker/supervisor'
import { decide, type FailurePolicy } from './failure-policy.ts'
import type { AttemptReport, WorkerReport } from './report.ts'
import type { ReportDirectory } from './report-directory.ts'
import { startTurns } from './start-turns.ts'
import { STOP_MS, type WorkerEnd } from './worker.ts'
import { type AttemptContext, runAttempt } from './worker-attempt.ts'
import type { PlannedWorker } from './worker-plan.ts'
import { type Before, WorkerRecord } from './worker-record.ts'

export interface CrewContext extends Omit<
  AttemptContext,
  'attempt' | 'before' | 'logFile' | 'onSpawn' | 'onExit'
> {
  policy: FailurePolicy
  /** How many run at a time. */
  maxParallel: number
  directory: ReportDirectory
  /** What the run has had of a worker before it was resumed. */
  before: (worker: string) => Before
  /** Aborted when the broker was given up. It is part of `signal`. */
  lost: AbortSignal
  /** Resolves when it is known what became of the broker: whether a failure is the worker's own. */
  brokerSettled: (signal: AbortSignal) => Promise<void>
  onStart: (worker: string, attempt: number) => void
  onSpawn: (worker: string, attempt: number, startedAt: string, pid: number) => void
  /** An attempt's process has ended; `onAttemptEnd` follows when all that it left behind is gone. */
  onExit: (worker: string, end: WorkerEnd) => void
  onAttemptEnd: (worker: string, attempt: AttemptReport) => void
  onRetry: (worker: string, retry: { attempt: number; delayMs: number; reason: string }) => void
  /** An attempt that runs is told to stop. */
  onStopping: (worker: string) => void
  /** What is done about a worker that failed in this attempt. */
  onDecision: (decision: Omit<PolicyDecision, 'event' | 'policy'>, attempt: number) => void
  onEnd: (report: WorkerReport) => void
}

/** A pause before a retry grows no longer than this, unless the first one is longer already. */
const LONGEST_RETRY_DELAY_MS = 600_000

/**
 * Runs the workers in their order, again where they fail and attempts are left, and stops those that
 * run when the failure policy can no longer be satisfied. Returns one report for each, in their order.
 */
export async function runWorkers(
  workers: readonly PlannedWorker[],
  context: CrewContext,
): Promise<WorkerReport[]> {
  const { policy, clock, maxParallel } = context
  const hopeless = new AbortController()
  const signal = AbortSignal.any([context.signal, hopeless.signal])
  const records = workers.map(
    (worker) => new WorkerRecord(worker, clock, context.before(worker.name)),
  )
  const toDo = records.filter(({ isOver }) => !isOver)
  const judge = ({ worker, reason = '', lastAttempt }: WorkerRecord): void => {
    const decided = (decision: 'go-on' | 'stop', why: string): void =>
      context.onDecision({ decision, worker: worker.name, reason: why }, lastAttempt?.attempt ?? 1)
    const states = records.map(({ state }) => state)
    const decision = decide(policy, states)
    if (decision.goOn) return decided('go-on', reason)
    decided('stop', `${reason}; ${decision.reason}`)
    const why = `worker "${worker.name}" failed; ${decision.reason}`
    hopeless.abort(new BrokerError('CANCELLED', why))
  }
  const report = (record: WorkerRecord): WorkerReport =>
    record.report(context.directory.logOf(record.worker.name).relative)

  const startTurn = startTurns(clock)
  const { members } = await runGroup(
    toDo.map((record) =>
      memberOf(record, { ...context, startTurn }, (event) => {
        // One that could not be stopped may end after all, when everything has been said.
        if (record.isOver) return
        // At once, before another worker takes the turn of this one.
        if (conclude(record, event, { policy, signal })) context.onEnd(report(record))
        if (event.event !== 'cancelled' && record.state === 'failed') judge(record)
        if (event.event === 'backing-off') {
          const { delayMs } = event
          const failed = record.lastAttempt?.attempt ?? 0
          const { name } = record.worker
          const { reason = '' } = record
          context.onDecision({ decision: 'retry', worker: name, reason }, failed)
          context.onRetry(name, { attempt: failed + 1, delayMs, reason })
        }
      }),
    ),
    { signal, maxParallel, graceMs: STOP_MS, clock },
  )
  for (const [index, { status }] of members.entries()) {
    const record = toDo[index] as WorkerRecord
    if (status === 'never-started') {
      record.conclude('never-started', (signal.reason as Error).message)
      context.onEnd(report(record))
    }
    if (status === 'failed-to-stop') {
      const reason = 'it was killed and has not ended'
      record.end({ status: 'cancelled', reason })
      record.conclude('failed-to-stop', reason)
      context.onEnd(report(record))
    }
  }
  return records.map(report)
}

/** A worker as a member of the group: its attempts are the restarts of a supervision. */
function memberOf(
  record: WorkerRecord,
  context: CrewContext & { startTurn: () => Promise<void> },
  onEvent: (event: SupervisionEvent) => void,
): MemberSpec {
  const { retryAttempts, retryDelayMs } = context.policy
  const { worker } = record
  const { name } = worker
  const logFile = context.directory.logOf(name).absolute
  return {
    name,
    async serve({ signal }) {
      await context.startTurn()
      signal.throwIfAborted()
      const { attempt, startedAt } = record.begin()
      const before = record.lastAttempt?.reason ?? 'the run was resumed'
      context.onStart(name, attempt)
      signal.addEventListener('abort', () => context.onStopping(name), { once: true })
      const onSpawn = (pid: number): void => context.onSpawn(name, attempt, startedAt, pid)
      const end = await runAttempt(worker, {
        ...context,
        onSpawn,
        onExit: (how) => context.onExit(name, how),
        signal,
        attempt,
        before,
        logFile,
      })
      record.end(end)
      if (record.lastAttempt) context.onAttemptEnd(name, record.lastAttempt)
      if (end.status === 'passed' || (end.status === 'failed' && end.isFutile)) return
      if (end.status === 'failed') await context.brokerSettled(signal)
      if (context.lost.aborted) record.excuse()
      throw new BrokerError('CANCELLED', end.reason)
    },
    options: {
      restart: 'transient',
      intensity: { maxRestarts: retryAttempts, withinMs: Infinity },
      backoff: { firstMs: retryDelayMs, maxMs: Math.max(retryDelayMs, LONGEST_RETRY_DELAY_MS) },
      onEvent,
    },
  }
}

/** Whether that was the end of its supervision. */
function conclude(
  record: WorkerRecord,
  { event }: SupervisionEvent,
  { policy, signal }: { policy: FailurePolicy; signal: AbortSignal },
): boolean {
  switch (event) {
    case 'finished':
      // It is no use to start one again whose program is not there.
      record.conclude(record.lastAttempt?.status === 'failed' ? 'failed' : 'passed')
      return true
    case 'escalated':
      record.conclude('failed')
      return true
    case 'cancelled':
      concludeCancelled(record, policy, (signal.reason as Error).message)
      return true
    default:
      return false
  }
}

/** What a worker did before it was told to end is its own. */
function concludeCancelled(record: WorkerRecord, policy: FailurePolicy, why: string): void {
  const { lastAttempt } = record
  if (!lastAttempt) return record.conclude('never-started', why)
  const { status, attempt, reason } = lastAttempt
  if (status !== 'failed') return record.conclude(status)
  if (record.tries > policy.retryAttempts) return record.conclude('failed')
  record.conclude('cancelled', `no attempt ${attempt + 1} after ${reason}: ${why}`)
}
