import path from 'node:path'
import type { BrokerTurn } from '../broker-history.ts'
import { neededBy } from '../failure-policy.ts'
import type { RunReport, WorkerReport } from '../report.ts'
import type { RunEvent } from '../run.ts'
import { printLine, streamLine } from './output.ts'
import { notReadyLines, readyLine } from './preflight-text.ts'
import { EXIT } from './exit-codes.ts'
import { bar, type Progress } from './progress-bar.ts'

export interface RunOutput extends Disposable {
  onEvent: (event: RunEvent) => void
  /** Absent where nobody wants to see what the workers print. */
  onLine: ((worker: string, line: string) => void | Promise<void>) | undefined
}

/** What a run prints: a bar on a terminal, else a line for whatever happens; or nothing. */
export function runOutput(flags: { quiet?: boolean; verbose?: boolean }): RunOutput {
  if (flags.quiet) return { onEvent() {}, onLine: undefined, [Symbol.dispose]() {} }
  const withBar = process.stderr.isTTY && !flags.verbose
  let reportDir = ''
  let running = 0
  let ended = 0
  let shown: Progress | undefined
  // A bar is not to be written over: what happened to the broker is told behind it.
  const broker: string[] = []
  let looked = 0
  const onEvent = (event: RunEvent): void => {
    switch (event.event) {
      case 'preflight':
        if (withBar) shown = bar('devices', event.devices)
        return
      case 'device-looked-at':
        shown?.update(++looked)
        return
      case 'preflight-ended':
        shown?.stop()
        for (const line of notReadyLines(event.report)) printLine(line)
        printLine(`preflight: ${readyLine(event.report)}`)
        return
      case 'started':
        shown?.stop()
        reportDir = event.reportDir
        running = event.workers
        if (withBar) shown = bar('workers', running)
        else printLine(`${count(running, 'worker')}, broker at ${event.socketPath}`)
        return
      case 'worker-started':
        if (!withBar) printLine(`${event.worker}: ${startOf(event.attempt)}`)
        return
      case 'worker-retrying':
        if (!withBar) printLine(retryLine(event))
        return
      case 'broker': {
        const line = brokerLine(event.turn)
        if (line === undefined) return
        if (withBar) broker.push(line)
        else printLine(line)
        return
      }
      case 'worker-ended':
        shown?.update(++ended)
        // Before the broker logs its last lines, which the bar would overwrite.
        if (ended === running) shown?.stop()
        if (!withBar && event.worker.status !== 'never-started') {
          printLine(workerLine(event.worker, reportDir))
        }
        return
      case 'finished':
        if (withBar) {
          for (const line of [...broker, ...troubles(event.report, reportDir)]) printLine(line)
        }
        printLine(finalLine(event.report, event.reportFile))
    }
  }
  return {
    onEvent,
    onLine: flags.verbose ? (worker, line) => streamLine(`[${worker}] ${line}`) : undefined,
    [Symbol.dispose]: () => shown?.stop(),
  }
}

function startOf(attempt: number): string {
  return attempt === 1 ? 'started' : `attempt ${attempt} started`
}

function retryLine({
  worker,
  attempt,
  delayMs,
  reason,
}: Extract<RunEvent, { event: 'worker-retrying' }>): string {
  return `${worker}: attempt ${attempt - 1} failed: ${reason}; the next one in ${seconds(delayMs)}`
}

/** What a run's reader has to know of the broker, if it is that. */
function brokerLine(turn: BrokerTurn): string | undefined {
  switch (turn.event) {
    case 'broker-lost':
      return `broker: generation ${turn.generation} was lost: ${turn.message}`
    case 'listening':
      return `broker: restarted as generation ${turn.generation}`
    case 'fallback':
      return 'broker: not restarted; the workers go to the devices directly'
    case 'aborted':
      return `broker: given up, so the run is aborted: ${turn.message}`
    case 'restarting':
      return undefined
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

const COUNTED = [
  ['passed', 'passed'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['never-started', 'never started'],
  ['failed-to-stop', 'did not stop'],
] as const

function finalLine(report: RunReport, reportFile: string): string {
  const { status, workers, durationMs } = report
  const counts = COUNTED.map(([kind, words]) => ({
    words,
    found: workers.filter((worker) => worker.status === kind).length,
  }))
    .filter(({ found }) => found > 0)
    .map(({ found, words }) => `${found} ${words}`)
  const took = `after ${seconds(durationMs)}`
  const where = `${near(reportFile)} and report.html`
  return `${status}: ${counts.join(', ')}${because(report)} ${took}; report: ${where}`
}

function because({ status, exitCode, reason, workers, failurePolicy }: RunReport): string {
  switch (status) {
    case 'COMPLETE':
      return ''
    case 'ABORTED':
      return ` (${reason})`
    case 'FAILED':
    case 'PARTIAL': {
      if (exitCode === EXIT.unreachable) return ` (${reason})`
      const needs = `${failurePolicy.name} needs ${neededBy(failurePolicy, workers.length)}`
      return status === 'PARTIAL' && exitCode === 0 ? ` (${needs}; --partial-ok)` : ` (${needs})`
    }
  }
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
