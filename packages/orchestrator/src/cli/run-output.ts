import path from 'node:path'
import type { RunReport, WorkerReport } from '../report.ts'
import type { RunEvent } from '../run.ts'
import { printLine } from './output.ts'
import { bar, type Progress } from './progress-bar.ts'

export interface RunOutput extends Disposable {
  onEvent: (event: RunEvent) => void
  /** Absent where nobody wants to see what the workers print. */
  onLine: ((worker: string, line: string) => void) | undefined
}

/** What a run prints: a bar on a terminal, else a line for whatever happens; or nothing. */
export function runOutput(flags: { quiet?: boolean; verbose?: boolean }): RunOutput {
  if (flags.quiet) return { onEvent() {}, onLine: undefined, [Symbol.dispose]() {} }
  const withBar = process.stderr.isTTY && !flags.verbose
  let reportDir = ''
  let running = 0
  let ended = 0
  let shown: Progress | undefined
  const onEvent = (event: RunEvent): void => {
    switch (event.event) {
      case 'started':
        reportDir = event.reportDir
        running = event.workers
        if (withBar) shown = bar('workers', running)
        else printLine(`${count(running, 'worker')}, broker at ${event.socketPath}`)
        return
      case 'worker-started':
        if (!withBar) printLine(`${event.worker}: started`)
        return
      case 'worker-ended':
        shown?.update(++ended)
        // Before the broker logs its last lines, which the bar would overwrite.
        if (ended === running) shown?.stop()
        if (!withBar) printLine(workerLine(event.worker, reportDir))
        return
      case 'finished':
        if (withBar) for (const line of troubles(event.report, reportDir)) printLine(line)
        printLine(finalLine(event.report, event.reportFile))
    }
  }
  return {
    onEvent,
    onLine: flags.verbose ? (worker, line) => printLine(`[${worker}] ${line}`) : undefined,
    [Symbol.dispose]: () => shown?.stop(),
  }
}

/** A line for each worker that failed. */
export function troubles({ workers }: RunReport, reportDir: string): string[] {
  return workers
    .filter(({ status }) => status === 'failed')
    .map((worker) => workerLine(worker, reportDir))
}

function workerLine(worker: WorkerReport, reportDir: string): string {
  const { name, status, durationMs, reason, log } = worker
  const took = durationMs === undefined ? '' : ` after ${seconds(durationMs)}`
  const why = reason === undefined ? '' : `: ${reason}`
  const isOfUse = status === 'failed' && log !== undefined
  return `${name}: ${status}${took}${why}${isOfUse ? ` (see ${near(path.join(reportDir, log))})` : ''}`
}

function finalLine({ status, workers, durationMs }: RunReport, reportFile: string): string {
  const counts = (['passed', 'failed', 'cancelled'] as const)
    .map((kind) => ({ kind, found: workers.filter(({ status: is }) => is === kind).length }))
    .filter(({ found }) => found > 0)
    .map(({ kind, found }) => `${found} ${kind}`)
  return `${status}: ${counts.join(', ')} after ${seconds(durationMs)}; report: ${near(reportFile)}`
}

/** A path as short as it can be written from here. */
function near(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') ? file : relative
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
