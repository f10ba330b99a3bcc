import type { RunReport } from '../report.ts'
import { count, duration, number, shortened, time } from './format.ts'
import { type Markup, markup } from './markup.ts'
import { type Column, table } from './table.ts'

type Health = RunReport['health']

/** How many commands took how long, and which took longest. */
export function latency({ health }: RunReport): Markup {
  const { latencyHistogram, slowest } = health
  if (latencyHistogram.length === 0) return markup`<p>No command was answered.</p>`
  return markup`${histogram(latencyHistogram)}
${table('Slowest commands', COLUMNS, slowest)}`
}

const ROW_PX = 20
/** In percent: the rest is for the number beside the longest bar. */
const LONGEST_BAR = 82

function histogram(steps: Health['latencyHistogram']): Markup {
  const most = Math.max(...steps.map((step) => step.count))
  const all = steps.reduce((sum, step) => sum + step.count, 0)
  const title = `How many of ${count(all, 'answered command')} took up to how long`
  return markup`<div class="picture" style="--names: 9ch">
<h3>${title}</h3>
<ol class="names">${steps.map(({ upToMs }) => markup`<li>≤ ${duration(upToMs)}</li>`)}</ol>
<svg role="img" aria-label="${title}" width="100%" height="${steps.length * ROW_PX}"><title>${title}</title>
${steps.map((step, index) => {
  const width = Math.round((1000 * LONGEST_BAR * step.count) / most) / 1000
  return markup`<g transform="translate(0 ${index * ROW_PX})"><rect class="bar" width="${width}%"><title>${count(step.count, 'command')} took up to ${duration(step.upToMs)}</title></rect><text class="count" x="${width}%" dx="6" y="14">${number(step.count)}</text></g>\n`
})}</svg>
</div>`
}

const COLUMNS: readonly Column<Health['slowest'][number]>[] = [
  { title: 'Device', cell: ({ device }) => device },
  { title: 'Took', cell: ({ ms }) => duration(ms), kind: 'number' },
  {
    title: 'Command',
    cell: ({ command }) => markup`<code>${shortened(command, 200)}</code>`,
    kind: 'words',
  },
  { title: 'Worker', cell: ({ worker }) => worker },
  { title: 'At', cell: ({ at }) => time(at) },
]
