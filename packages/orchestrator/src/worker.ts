import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { BrokerError } from '@nac-broker/protocol'
import { type Clock, failpoint, withDeadline } from '@nac-broker/supervisor'
import { whyNotThere } from './find-program.ts'
import type { Guard } from './guard.ts'
import { ProcessGroup } from './process-group.ts'
import { watchLimits } from './worker-limits.ts'
import type { WorkerLog } from './worker-log.ts'
import type { PlannedWorker } from './worker-plan.ts'
import { yieldProcessor } from './yield-processor.ts'

/** Between asking a worker to end and killing it, in milliseconds. */
const GRACE_MS = 5_000
/** What a worker left behind outside its group may hold on to its output for this long. */
const LAST_OUTPUT_MS = 1_000
/** Who is not gone this long after it was told to end cannot be ended. */
export const STOP_MS = GRACE_MS + LAST_OUTPUT_MS + 5_000

/** How a worker ended. */
export type WorkerEnd =
  | { status: 'passed'; exitCode: 0 }
  | {
      status: 'failed'
      exitCode?: number
      signal?: NodeJS.Signals
      reason: string
      /** The next attempt would end in the same way. */
      isFutile?: boolean
    }
  | { status: 'cancelled'; exitCode?: number; signal?: NodeJS.Signals; reason: string }

export interface WorkerContext {
  /** The worker's whole environment. */
  env: NodeJS.ProcessEnv
  log: WorkerLog
  /** Aborted, it stops the worker, which then counts as cancelled: SIGTERM, grace, SIGKILL. */
  signal: AbortSignal
  /** Aborted, it ends the grace. */
  hurry: AbortSignal
  clock: Clock
  /** When it last had to do with a broker or a device, in milliseconds of the calendar's time. */
  lastTraffic?: ((worker: string) => number | undefined) | undefined
  onSpawn?: ((pid: number) => void) | undefined
  /** Called at once when its process has ended; what it has left behind and its last output come later. */
  onExit?: ((end: WorkerEnd) => void) | undefined
  /** Ends the worker when this process is killed. */
  guard?: Guard | undefined
}

type Exit = { code: number | null; signal: NodeJS.Signals | null }

/**
 * Runs one worker in a process group of its own, to its end. Nothing of the group is alive afterwards.
 * Never rejects: a command that cannot be started is a worker that failed.
 */
export async function runWorker(worker: PlannedWorker, context: WorkerContext): Promise<WorkerEnd> {
  const { env, log, clock, signal } = context
  let child: ChildProcess
  try {
    child = await start(worker.command, env, log)
  } catch (error) {
    const trouble = error as NodeJS.ErrnoException
    const reason = cannotStart(worker.command[0] ?? '', trouble, env)
    log.note(reason)
    return { status: 'failed', reason, isFutile: ['ENOENT', 'EACCES'].includes(trouble.code ?? '') }
  }
  const exited = exitOf(child)
  const group = new ProcessGroup(child.pid as number, context.guard)
  context.onSpawn?.(child.pid as number)
  const over = new AbortController()
  void yieldProcessor(child.pid as number, clock, over.signal)
  using limits = watchLimits(worker, { clock, lastSign: () => lastSignOf(worker, context) })
  const stop = AbortSignal.any([signal, limits.exceeded])
  let stopping: Promise<void> | undefined
  const onStop = (): void => void (stopping = stopGroup(group, context))
  if (stop.aborted) onStop()
  else stop.addEventListener('abort', onStop, { once: true })

  const exit = await exited
  over.abort()
  stop.removeEventListener('abort', onStop)
  const end = stopping ? stopped(exit, stop, limits.exceeded) : ended(exit)
  context.onExit?.(end)
  await stopping
  group.end()
  log.readRest(child)
  await lastOutput(child, clock)
  if (stopping) log.note(`stopped: ${(stop.reason as Error).message}`)
  return end
}

async function start(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  log: WorkerLog,
): Promise<ChildProcess> {
  const child = spawn(program, args, { detached: true, stdio: log.stdio, env })
  failpoint('run.worker.spawned')
  log.attach(child)
  await once(child, 'spawn')
  return child
}

function exitOf(child: ChildProcess): Promise<Exit> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode })
  }
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

/** Asks all of the group to end, and ends whoever has not done so in time. */
async function stopGroup(group: ProcessGroup, { hurry, clock }: WorkerContext): Promise<void> {
  const patience = new AbortController()
  const timer = clock.startTimer(GRACE_MS, () => patience.abort(timedOut(GRACE_MS)))
  group.signal('SIGTERM')
  try {
    await group.whenEmpty(clock, AbortSignal.any([hurry, patience.signal]))
  } catch {
    // It is still alive, and ends now.
  } finally {
    timer.cancel()
    group.signal('SIGKILL')
  }
}

/** Reads what is still in the pipes, if there are any. */
async function lastOutput(child: ChildProcess, clock: Clock): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  const read = streams.filter(({ closed }) => !closed).map((stream) => once(stream, 'close'))
  const onTimeout = (): Error => timedOut(LAST_OUTPUT_MS)
  try {
    await withDeadline(Promise.all(read), { ms: LAST_OUTPUT_MS, onTimeout, clock })
  } catch {
    for (const stream of streams) stream.destroy()
  }
}

function ended({ code, signal }: Exit): WorkerEnd {
  if (code === 0) return { status: 'passed', exitCode: 0 }
  if (code !== null) return { status: 'failed', exitCode: code, reason: `exit code ${code}` }
  const reason = `killed by ${signal ?? 'a signal'}`
  return { status: 'failed', ...(signal !== null && { signal }), reason }
}

function stopped({ code, signal }: Exit, stop: AbortSignal, exceeded: AbortSignal): WorkerEnd {
  return {
    status: stop.reason === exceeded.reason ? 'failed' : 'cancelled',
    ...(code !== null && { exitCode: code }),
    ...(signal !== null && { signal }),
    reason: (stop.reason as Error).message,
  }
}

function lastSignOf({ name }: PlannedWorker, { log, lastTraffic }: WorkerContext): Date {
  return new Date(Math.max(log.lastWrite().getTime(), lastTraffic?.(name) ?? 0))
}

function timedOut(ms: number): BrokerError {
  return new BrokerError('DEADLINE_EXCEEDED', `not finished after ${ms / 1000} s`)
}

function cannotStart(
  program: string,
  { code, message }: NodeJS.ErrnoException,
  { PATH }: NodeJS.ProcessEnv,
): string {
  const why =
    code === 'ENOENT'
      ? whyNotThere(program, PATH)
      : code === 'EACCES'
        ? 'it is not executable'
        : message
  return `cannot start "${program}": ${why}`
}
