import path from 'node:path'
import { WITHOUT_BROKER } from '@nac-broker/protocol'
import type { BrokerTurn } from '../broker-history.ts'
import { neededBy } from '../failure-policy.ts'
import type { RunReport, WorkerReport } from '../report.ts'
import { unreachableText } from '../preflight/report.ts'
import type { RunEvent } from '../run-options.ts'
import { EXIT } from './exit-codes.ts'

export function startOf(attempt: number): string {
  return attempt === 1 ? 'started' : `attempt ${attempt} started`
}

export function retryLine({
  worker,
  attempt,
  delayMs,
  reason,
}: Extract<RunEvent, { event: 'worker-retrying' }>): string {
  return `${worker}: attempt ${attempt - 1} failed: ${reason}; the next one in ${seconds(delayMs)}`
}

/** What a run's reader has to know of the broker, if it is that. */
export function brokerLine(turn: BrokerTurn): string | undefined {
  switch (turn.event) {
    case 'broker-lost':
      return `broker: generation ${turn.generation} was lost: ${turn.message}`
    case 'listening':
      return `broker: restarted as generation ${turn.generation}`
    case 'fallback':
      return `broker: not restarted; the workers go to the devices directly: ${WITHOUT_BROKER.lost}; ${WITHOUT_BROKER.kept}`
    case 'aborted':
      return `broker: given up, so the run is aborted: ${turn.message}`
    case 'restarting':
      return undefined
  }
}

export function stoppingLine(reason: unknown): string {
  return `${(reason as Error).message}: stopping; Ctrl-C once more ends it at once`
}

/** A line for each worker that failed. */
export function troubles({ workers }: RunReport, reportDir: string): string[] {
  return workers
    .filter(({ status }) => status === 'failed')
    .map((worker) => workerLine(worker, reportDir))
}

export function workerLine(worker: WorkerReport, reportDir: string): string {
  const { name, status, durationMs, reason, log } = worker
  const took = durationMs === undefined ? '' : ` after ${seconds(durationMs)}`
  const why = reason === undefined ? '' : `: ${reason}`
  const isOfUse = status === 'failed' && log !== undefined
  return `${name}: ${status}${took}${why}${isOfUse ? ` (see ${near(path.join(reportDir, log))})` : ''}`
}

/** How workers end, and what that is called. */
export const ENDINGS = [
  ['passed', 'passed'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['never-started', 'never started'],
  ['failed-to-stop', 'did not stop'],
] as const

/** The last lines: which devices were not ready, where the run went on without them, and how it went. */
export function closingLines(report: RunReport, reportFile: string | undefined): string[] {
  const { preflight, exitCode } = report
  const isTold = !preflight?.unreachable.length || exitCode === EXIT.unreachable
  return [...(isTold ? [] : [unreachableText(preflight)]), finalLine(report, reportFile)]
}

function finalLine(report: RunReport, reportFile: string | undefined): string {
  const { status, workers, durationMs } = report
  const counts = ENDINGS.map(([kind, words]) => ({
    words,
    found: workers.filter((worker) => worker.status === kind).length,
  }))
    .filter(({ found }) => found > 0)
    .map(({ found, words }) => `${found} ${words}`)
  const took = `after ${seconds(durationMs)}`
  const where =
    reportFile === undefined ? 'it could not be written' : `${near(reportFile)} and report.html`
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

export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

export function statusServerLine(url: string): string {
  return `status page at ${url}`
}
