import { type DevicePreflight, type PreflightReport, troubleOf } from '../preflight/report.ts'
import { count, duration, shortened } from './format.ts'
import { type Markup, markup, type Part } from './markup.ts'
import { type Column, table } from './table.ts'

/** Whether the devices could be used when the run began. */
export function preflightSection({ devices, unreachable, skipped }: PreflightReport): Markup {
  const usable = devices.length - unreachable.length
  const story = `${usable} of ${count(devices.length, 'device')} could be logged in to before the workers began.`
  return markup`<p>${story}</p>
${devices.length > 0 && table('Devices before the run', DEVICES, sorted(devices))}
${skipped.length > 0 && table('Devices that were not looked at', SKIPPED, skipped)}`
}

/** Those that cannot be used come first. */
function sorted(devices: readonly DevicePreflight[]): DevicePreflight[] {
  return [...devices.filter(({ ok }) => !ok), ...devices.filter(({ ok }) => ok)]
}

const DEVICES: readonly Column<DevicePreflight>[] = [
  { title: 'Device', cell: ({ device }) => device },
  { title: 'Result', cell: resultOf },
  { title: 'Why', cell: whyOf, kind: 'words' },
  { title: 'Took', cell: tookOf, kind: 'number' },
]

const SKIPPED: readonly Column<PreflightReport['skipped'][number]>[] = [
  { title: 'Device', cell: ({ device }) => device },
  { title: 'Why', cell: ({ reason }) => shortened(reason, 300), kind: 'words' },
]

function resultOf({ ok, steps }: DevicePreflight): Part {
  if (ok) return markup`<span class="status passed">usable</span>`
  return markup`<span class="status failed">failed at ${steps.find((one) => !one.ok)?.step}</span>`
}

function whyOf(device: DevicePreflight): Part {
  const trouble = troubleOf(device)
  return (
    trouble &&
    markup`<code>${trouble.code}</code> ${shortened(trouble.message, 300)} <em>${shortened(trouble.hint, 300)}</em>`
  )
}

function tookOf({ steps }: DevicePreflight): string {
  return duration(steps.reduce((sum, { ms }) => sum + ms, 0))
}
