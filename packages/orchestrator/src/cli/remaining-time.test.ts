import { expect, it } from 'vitest'
import type { WorkerReport } from '../report.ts'
import { remainingMs } from './remaining-time.ts'
import type { ViewedWorker } from './run-view.ts'

const NOW_MS = 1_000_000

function ended(status: WorkerReport['status'], durationMs?: number): ViewedWorker {
  const took = durationMs === undefined ? {} : { durationMs }
  return { state: 'ended', worker: { name: 'w', status, attempts: [], ...took } }
}

const passed = ended('passed', 10_000)
const waiting: ViewedWorker = { state: 'waiting' }
const runningFor = (ms: number): ViewedWorker => ({
  state: 'running',
  attempt: 1,
  sinceMs: NOW_MS - ms,
})
const retryingIn = (ms: number): ViewedWorker => ({
  state: 'retrying',
  attempt: 2,
  dueMs: NOW_MS + ms,
  reason: 'exit code 1',
})

it.each<[title: string, maxParallel: number, workers: ViewedWorker[], ms: number | undefined]>([
  ['nothing before the first one has ended', 2, [runningFor(5_000), waiting], undefined],
  ['nothing from those that were stopped', 2, [ended('cancelled', 500), waiting], undefined],
  ['nothing when all have ended', 2, [passed, passed], undefined],
  [
    'nothing when all that is left takes longer already',
    2,
    [passed, runningFor(11_000)],
    undefined,
  ],
  ['nothing from those that passed before', 2, [ended('passed'), waiting], undefined],
  ['what a running one has left', 2, [passed, runningFor(4_000)], 6_000],
  ['the longest of those that run', 2, [passed, runningFor(4_000), runningFor(1_000)], 9_000],
  ['the pause of a retry, and the retry', 2, [passed, retryingIn(3_000)], 13_000],
  ['one that waits after the one that runs', 1, [passed, runningFor(4_000), waiting], 16_000],
  ['one that waits in an idle place', 2, [passed, runningFor(4_000), waiting], 10_000],
  [
    'rounds, where more wait than there are places',
    2,
    [passed, runningFor(4_000), runningFor(1_000), waiting, waiting, waiting],
    // One place is free after 6 s, the other after 9 s; the first takes the third of them.
    26_000,
  ],
  [
    'the mean of those that passed and those that failed',
    1,
    [passed, ended('failed', 30_000), waiting],
    20_000,
  ],
  ['no more places than there are workers', 500, [passed, waiting, waiting], 10_000],
])('estimates %s', (_title, maxParallel, workers, ms) => {
  expect(remainingMs(workers, { maxParallel, nowMs: NOW_MS })).toBe(ms)
})
