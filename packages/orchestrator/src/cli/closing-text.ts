import path from 'node:path'
import type { DemoResult } from '../demo/demo.ts'
import { troubles } from './run-output.ts'
import { framedTable } from './table.ts'

interface Asked {
  devices: number
  workers: number
  commands: number
}

/** What a demo has to say for itself at its end. */
export function closingText(result: DemoResult, asked: Asked): string {
  const { promises, report, directory } = result
  const reportDir = path.join(directory, 'report')
  return [
    framedTable(closingRows(result, asked)),
    ...promises.map((one) => `${one.kept ? 'kept  ' : 'BROKEN'}  ${one.promise}: ${one.found}`),
    ...troubles(report, reportDir),
    `report: ${path.join(reportDir, 'report.json')}`,
  ].join('\n')
}

function closingRows(
  { report, answered, loginsAsked, witnessed }: DemoResult,
  asked: Asked,
): (string | number)[][] {
  const answers = answered.filter((one) => 'answer' in one)
  const times = answers.map(({ ms }) => ms).toSorted((a, b) => a - b)
  const fromCache = answers.filter(({ cached }) => cached).length
  return [
    ['devices', asked.devices],
    ['workers', asked.workers],
    ['commands', asked.commands],
    ['  from cache', fromCache],
    ['  executed on the devices', witnessed.executed],
    ['  shared with another worker', Math.max(0, answers.length - fromCache - witnessed.executed)],
    ['logins asked for', loginsAsked],
    ['logins opened', witnessed.logins],
    ['median', `${quantile(times, 0.5).toFixed(1)} ms`],
    ['99th percentile', `${quantile(times, 0.99).toFixed(1)} ms`],
    ['duration', `${(report.durationMs / 1000).toFixed(1)} s`],
    ['result', report.status],
  ]
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
