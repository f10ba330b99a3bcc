import cliTruncate from 'cli-truncate'
import stringWidth from 'string-width'
import { duration, roughly } from './duration.ts'
import type { Size } from './live-lines.ts'
import { barOf } from './progress-bar.ts'
import { remainingMs } from './remaining-time.ts'
import { count, ENDINGS } from './run-text.ts'
import type { RunView, ViewedWorker } from './run-view.ts'
import { paint, rowOf, type WorkerRow } from './worker-row.ts'

export interface Frame extends Size {
  nowMs: number
  colours: boolean
}

const LONGEST_NAME = 32
const BAR_COLUMNS = 20
/** On a narrower terminal the words are worth more than a bar. */
const COLUMNS_FOR_BAR = 80

/**
 * The lines for a terminal of that size, all but the cursor's row at most: workers that failed, those that
 * run or are to be run again, a count of those there is no room for, the last of the broker, whether it is
 * being stopped, the total.
 */
export function viewLines(view: RunView, frame: Frame): string[] {
  const { columns, rows } = frame
  const told = [view.broker, view.stopping].filter((line) => line !== undefined)
  const foot = [...told, totalLine(view, frame)]
  const lines = [...workerLines(view, frame, rows - 1 - foot.length), ...foot]
  return lines.slice(-Math.max(1, rows - 1)).map((line) => cliTruncate(line, columns))
}

function workerLines(view: RunView, frame: Frame, places: number): string[] {
  const all = [...view.workers]
  const failed = all.filter(([, worker]) => hasFailed(worker))
  const busy = all.filter(([, { state }]) => state === 'running' || state === 'retrying')
  const room = failed.length + busy.length > places ? Math.max(0, places - 1) : places
  // Neither may crowd out the other.
  const failures = Math.min(failed.length, Math.max(Math.floor(room / 2), room - busy.length))
  const shown = [...failed.slice(0, failures), ...busy.slice(0, room - failures)]
  const rows = shown.map(([name, worker]) =>
    rowOf(name, worker, { nowMs: frame.nowMs, activity: view.activity }),
  )
  const left = [
    { more: failed.length - failures, what: 'failed' },
    { more: busy.length - (shown.length - failures), what: 'running' },
  ].filter(({ more }) => more > 0)
  if (left.length === 0) return aligned(rows, frame)
  const words = left.map(({ more, what }) => `${more} more ${what}`)
  return [...aligned(rows, frame), paint('dim', `... ${words.join(', ')}`, frame)]
}

function hasFailed(worker: ViewedWorker): boolean {
  if (worker.state !== 'ended') return false
  const { status } = worker.worker
  return status === 'failed' || status === 'failed-to-stop'
}

function aligned(rows: readonly WorkerRow[], frame: Frame): string[] {
  const longest = Math.min(LONGEST_NAME, Math.floor(frame.columns / 2))
  const cut = rows.map((row) => ({ ...row, name: cliTruncate(row.name, longest) }))
  const nameColumns = Math.max(0, ...cut.map(({ name }) => stringWidth(name)))
  const stateColumns = Math.max(0, ...cut.map(({ state }) => state.length))
  return cut.map(({ name, state, colour, detail }) => {
    const gap = ' '.repeat(nameColumns - stringWidth(name) + 2)
    return `${name}${gap}${paint(colour, state.padEnd(stateColumns), frame)}  ${detail}`
  })
}

function totalLine(view: RunView, frame: Frame): string {
  const workers = [...view.workers.values()]
  const counts = new Map<string, number>([['passed', view.passedBefore]])
  for (const worker of workers) {
    const state = worker.state === 'ended' ? worker.worker.status : worker.state
    counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  const words = [...STATES, ...ENDINGS]
    .map(([state, what]) => ({ what, found: counts.get(state) ?? 0 }))
    .filter(({ found }) => found > 0)
    .map(({ found, what }) => `${found} ${what}`)
  const total = workers.length + view.passedBefore
  const ended = total - STATES.reduce((sum, [state]) => sum + (counts.get(state) ?? 0), 0)
  const bar = frame.columns < COLUMNS_FOR_BAR ? '' : `${barOf(ended, total, BAR_COLUMNS)} `
  const left = remainingMs(workers, { maxParallel: view.maxParallel, nowMs: frame.nowMs })
  const time = duration(frame.nowMs - view.startedMs)
  const eta = left === undefined ? '' : `, about ${roughly(left)} left`
  // What matters most comes first: a narrow terminal cuts the line.
  return `${bar}${ended} of ${count(total, 'worker')}, ${time}${eta}: ${words.join(', ')}`
}

const STATES = [
  ['running', 'running'],
  ['retrying', 'retrying'],
  ['waiting', 'waiting'],
] as const
