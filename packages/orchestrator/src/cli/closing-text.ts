import path from 'node:path'
import type { DemoResult } from '../demo/demo.ts'
import type { Summary } from '../demo/summary.ts'
import type { DemoPolicy } from '../demo/verdict.ts'
import { troubles } from './run-text.ts'
import { framedTable } from './table.ts'

/** What a demo has to say for itself at its end. */
export function closingText({ summary, promises, report, reportFile }: DemoResult): string {
  const allKept = promises.every(({ kept }) => kept)
  return [
    framedTable(closingRows(summary)),
    ...promises.map((one) => `${one.kept ? 'kept  ' : 'BROKEN'}  ${one.promise}: ${one.found}`),
    // Where a run is to be aborted, workers are to fail.
    ...(allKept ? [] : troubles(report, path.dirname(reportFile))),
    reportLine(reportFile),
  ].join('\n')
}

/** What one that was interrupted has to say. */
export function interruptedText({ summary, reportFile }: DemoResult, reason: Error): string {
  const { answered, commands } = summary
  return [
    `${reason.message} after ${answered} of ${commands} commands; every worker was stopped`,
    reportLine(reportFile),
  ].join('\n')
}

/** The same for scripts. */
export function closingDocument(
  { summary, interrupted, promises, reportFile: report, deviceLog }: DemoResult,
  { policy, exitCode }: { policy: DemoPolicy; exitCode: number },
): Record<string, unknown> {
  const judged = interrupted ? [] : promises
  return { policy, ...summary, interrupted, promises: judged, exitCode, report, deviceLog }
}

function reportLine(file: string): string {
  return `report: ${file} (in a temporary directory that is left for you, with all logs)`
}

function closingRows(summary: Summary): (string | number)[][] {
  const { commands, answered, logins, loginsOfTheirOwn, outcomeUnknown, durationMs } = summary
  const fewer = logins < loginsOfTheirOwn ? `, instead of ${loginsOfTheirOwn}` : ''
  return [
    ['commands', answered < commands ? `${answered} of ${commands} answered` : commands],
    ['  from cache', summary.fromCache],
    ['  via direct', summary.viaDirect],
    ['  retried', summary.retried],
    ['executed on the devices', summary.executed],
    ['executed twice', summary.executedTwice],
    ...(outcomeUnknown > 0 ? [['outcome unknown', outcomeUnknown]] : []),
    ['detection', milliseconds(summary.detectionMs)],
    ['recovery', milliseconds(summary.recoveryMs)],
    ['logins', `${logins}${fewer}`],
    ['duration', `${(durationMs / 1000).toFixed(1)} s`],
    ['result', summary.result],
  ]
}

function milliseconds(ms: number | null): string {
  return ms === null ? 'none' : `${ms.toFixed(1)} ms`
}
