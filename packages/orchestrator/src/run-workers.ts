import path from 'node:path'
import { BrokerError } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import type { Guard } from './guard.ts'
import type { ReportDirectory, WorkerReport } from './report.ts'
import { runWorker, type WorkerEnd } from './worker.ts'
import { WorkerLog } from './worker-log.ts'
import type { PlannedWorker } from './worker-plan.ts'

export interface CrewContext {
  /** How many run at a time. */
  maxParallel: number
  directory: ReportDirectory
  /** The orchestrator's environment, which every worker inherits. */
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  hurry: AbortSignal
  clock: Clock
  guard?: Guard | undefined
  onStart(worker: PlannedWorker): void
  /** Absent: nobody listens, and the output goes straight into the logs. */
  onLine?: ((worker: string, line: string) => void) | undefined
  onEnd(report: WorkerReport): void
}

/**
 * Runs the workers in their order. The first one that fails stops the others, and those that have not
 * been started never are. Returns one report for each, in their order.
 */
export async function runWorkers(
  workers: readonly PlannedWorker[],
  context: CrewContext,
): Promise<WorkerReport[]> {
  const failFast = new AbortController()
  const signal = AbortSignal.any([context.signal, failFast.signal])
  const waiting = [...workers]
  const reports = new Map<string, WorkerReport>()
  const takeTurns = async (): Promise<void> => {
    for (let worker = waiting.shift(); worker; worker = waiting.shift()) {
      const report = signal.aborted
        ? neverStarted(worker, signal.reason as Error)
        : await runOne(worker, { ...context, signal })
      reports.set(worker.name, report)
      if (report.status === 'failed') failFast.abort(failedBy(worker))
      context.onEnd(report)
    }
  }
  const atATime = Math.min(context.maxParallel, workers.length)
  await Promise.all(Array.from({ length: atATime }, takeTurns))
  return workers.map(({ name }) => reports.get(name) as WorkerReport)
}

async function runOne(worker: PlannedWorker, context: CrewContext): Promise<WorkerReport> {
  const { clock, onLine } = context
  const startedAt = clock.wallTime().toISOString()
  const startedMs = clock.now()
  const { relative, absolute } = context.directory.logOf(worker.name)
  context.onStart(worker)
  const end = await runLogged(worker, absolute, context, onLine)
  const durationMs = Math.round(clock.now() - startedMs)
  return { ...subject(worker), ...end, startedAt, durationMs, log: relative }
}

async function runLogged(
  worker: PlannedWorker,
  file: string,
  { env: inherited, signal, hurry, clock, guard }: CrewContext,
  onLine: CrewContext['onLine'],
): Promise<WorkerEnd> {
  let log: WorkerLog
  try {
    log = new WorkerLog(file, onLine && ((line) => onLine(worker.name, line)))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { status: 'failed', reason: `its log cannot be written: ${why}` }
  }
  try {
    const env = { ...inherited, ...worker.env }
    return await runWorker(worker, { env: withOurNode(env), log, signal, hurry, clock, guard })
  } finally {
    log.close()
  }
}

/** So that `node` in a command is the Node that runs us. */
function withOurNode(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folders = [path.dirname(process.execPath), env['PATH']].filter(Boolean)
  return { ...env, PATH: folders.join(path.delimiter) }
}

function neverStarted(worker: PlannedWorker, { message }: Error): WorkerReport {
  return { ...subject(worker), status: 'cancelled', reason: message }
}

function subject({ name, device }: PlannedWorker): { name: string; device?: string } {
  return { name, ...(device !== undefined && { device }) }
}

function failedBy({ name }: PlannedWorker): BrokerError {
  return new BrokerError('CANCELLED', `worker "${name}" failed`)
}
