import { type DevicePreflight, type PreflightReport, troubleOf } from '../preflight/report.ts'
import { plainTable } from './table.ts'

const STEPS = ['resolve', 'tcp', 'banner', 'host-key', 'login', 'spawn', 'prompt']

/** One row for each device, times in milliseconds; below it what to do about those that are not ready. */
export function preflightText(report: PreflightReport): string {
  const { devices, skipped } = report
  const taken = STEPS.filter((step) => devices.some(({ steps }) => steps.some(isStep(step))))
  const rows = [
    ['device (ms)', ...taken, 'total', ''],
    ...devices.map((device) => deviceRow(device, taken)),
    ...skipped.map(({ device }) => [device, ...taken.map(() => ''), '', 'skipped']),
  ]
  return [
    plainTable(rows),
    ...notReadyLines(report),
    ...skipped.map(({ device, reason }) => `${device}: skipped: ${reason}`),
    readyLine(report),
  ].join('\n')
}

/** What became of one device, and how long that took. */
export function deviceLine(device: DevicePreflight): string {
  const trouble = troubleOf(device)
  const took = `${milliseconds(totalMs(device))} ms`
  if (!trouble) return `${device.device}: ready after ${took}`
  return `${device.device}: not ready after ${took}: ${device.steps.at(-1)?.step}: ${trouble.code}`
}

/** What happened to each device that is not ready, and below it what to look at. */
export function notReadyLines({ devices }: PreflightReport): string[] {
  return devices.flatMap((device) => {
    const trouble = troubleOf(device)
    return trouble ? [`${trouble.code}: ${trouble.message}`, `  ${trouble.hint}`] : []
  })
}

export function readyLine({ devices, unreachable }: PreflightReport): string {
  const ready = `${devices.length - unreachable.length} of ${devices.length} devices ready`
  return unreachable.length === 0 ? ready : `${ready}; unreachable: ${unreachable.join(', ')}`
}

function deviceRow(device: DevicePreflight, taken: readonly string[]): string[] {
  const cells = taken.map((step) => {
    const found = device.steps.find(isStep(step))
    if (!found) return ''
    return found.ok ? milliseconds(found.ms) : `failed (${milliseconds(found.ms)})`
  })
  const verdict = troubleOf(device)?.code ?? 'ready'
  return [device.device, ...cells, milliseconds(totalMs(device)), verdict]
}

function isStep(name: string): (step: { step: string }) => boolean {
  return ({ step }) => step === name
}

function totalMs({ steps }: DevicePreflight): number {
  return steps.reduce((sum, { ms }) => sum + ms, 0)
}

function milliseconds(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms))
}
