import type { ViewedWorker } from './run-view.ts'

/**
 * How long the workers that have not ended will take, if each takes as long as those that passed or
 * failed took on average. Undefined where nothing tells: none has, or those that run take longer already.
 */
export function remainingMs(
  workers: readonly ViewedWorker[],
  { maxParallel, nowMs }: { maxParallel: number; nowMs: number },
): number | undefined {
  const took = workers.flatMap(durationOf)
  if (took.length === 0) return undefined
  const eachMs = took.reduce((sum, ms) => sum + ms, 0) / took.length
  const waiting = workers.filter(({ state }) => state === 'waiting').length
  const busy = workers.flatMap((worker) => busyMs(worker, { eachMs, nowMs }))
  const places = Math.max(1, Math.min(maxParallel, busy.length + waiting))
  const idle = Array<number>(Math.max(0, places - busy.length)).fill(0)
  const freeAfterMs = [...busy, ...idle].toSorted((a, b) => a - b)
  // Those that wait take the places in turn, as often as it needs.
  const last = waiting - 1
  const lastStartMs = (freeAfterMs[last % places] ?? 0) + Math.floor(last / places) * eachMs
  const lastMs = waiting === 0 ? 0 : lastStartMs + eachMs
  const ms = Math.max(lastMs, freeAfterMs.at(-1) ?? 0)
  return ms > 0 ? ms : undefined
}

function durationOf(worker: ViewedWorker): number[] {
  if (worker.state !== 'ended') return []
  const { status, durationMs } = worker.worker
  return (status === 'passed' || status === 'failed') && durationMs !== undefined
    ? [durationMs]
    : []
}

/** For how long it keeps its place. */
function busyMs(
  worker: ViewedWorker,
  { eachMs, nowMs }: { eachMs: number; nowMs: number },
): number[] {
  switch (worker.state) {
    case 'running':
      return [Math.max(0, worker.sinceMs + eachMs - nowMs)]
    case 'retrying':
      return [Math.max(0, worker.dueMs - nowMs) + eachMs]
    case 'waiting':
    case 'ended':
      return []
  }
}
