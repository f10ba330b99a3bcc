import type { Clock } from '@nac-broker/supervisor'
import type { Guard } from './guard.ts'
import { withOurNode } from './our-node.ts'
import { runWorker, type WorkerEnd } from './worker.ts'
import { WorkerLog } from './worker-log.ts'
import type { PlannedWorker } from './worker-plan.ts'

export interface AttemptContext {
  /** Counts from 1. */
  attempt: number
  /** Why there is another attempt than the first, in words. */
  before: string
  /** The worker's log; the attempts follow each other in it. */
  logFile: string
  /** The orchestrator's environment, which every worker inherits. */
  env: NodeJS.ProcessEnv
  /** Aborted, it stops the worker, which then counts as cancelled. */
  signal: AbortSignal
  hurry: AbortSignal
  clock: Clock
  guard?: Guard | undefined
  /** Called with the pid of the worker, which leads a process group. */
  onSpawn: (pid: number) => void
  /** See `WorkerContext`. */
  onExit: (end: WorkerEnd) => void
  /** Absent: nobody listens, and the output goes straight into the log. */
  onLine?: ((worker: string, line: string) => void | Promise<void>) | undefined
  /** See `WorkerContext`. */
  lastTraffic?: ((worker: string) => number | undefined) | undefined
}

/** Runs a worker once, with its log and its environment. Never rejects. */
export async function runAttempt(
  worker: PlannedWorker,
  { attempt, before, logFile, env: inherited, onLine, ...context }: AttemptContext,
): Promise<WorkerEnd> {
  let log: WorkerLog
  try {
    const listener = onLine && ((line: string) => onLine(worker.name, line))
    log = new WorkerLog(logFile, listener, attempt === 1 ? 'drop' : 'keep')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { status: 'failed', reason: `its log cannot be written: ${why}` }
  }
  try {
    if (attempt > 1) log.note(`attempt ${attempt}, after ${before}`)
    const env = { ...inherited, ...worker.env, NAC_BROKER_ATTEMPT: String(attempt) }
    return await runWorker(worker, { ...context, env: withOurNode(env), log })
  } finally {
    log.close()
  }
}
