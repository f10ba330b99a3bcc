import { pictures } from '../../../orchestrator/src/report/lanes.ts'
import { Markup, markup } from '../../../orchestrator/src/report/markup.ts'
import { STYLE } from '../../../orchestrator/src/report/page-style.ts'
import type { Evidence } from '../schedules/evidence.ts'
import type { Violation } from '../schedules/judge.ts'
import type { Schedule } from '../schedules/schedule.ts'
import { settingOf, timelineOf } from '../schedules/timeline.ts'
import { axisOf, picturesOf } from './lanes-of.ts'

/** A schedule that was run, in one file that needs no other, and in which no script runs. */
export function pageOf(
  evidence: Evidence,
  violations: readonly Violation[],
  command: string,
): string {
  const [, ...lines] = timelineOf(evidence)
  const axis = axisOf(evidence)
  const main = markup`<h2>Timeline</h2>
<p>Time runs from left to right. Point at a bar to read what it is.</p>
${LEGEND}
${pictures(axis, picturesOf(evidence, axis))}
<h2>In words</h2>
<pre class="scroll">${lines.join('\n')}</pre>`
  return page(evidence.schedule, { violations, command, main })
}

/** Of a run that hung or died: how it ended, and what it was to suffer. */
export function pageWithoutEvidence(
  schedule: Schedule,
  {
    faults,
    ...parts
  }: { violations: readonly Violation[]; command: string; faults: readonly string[] },
): string {
  const main = markup`<h2>What it was to suffer</h2>
<pre class="scroll">${faults.join('\n')}</pre>
<p>It has left nothing else: no log of the devices, and no call that anybody knows of.</p>`
  return page(schedule, { ...parts, main })
}

function page(
  schedule: Schedule,
  parts: { violations: readonly Violation[]; command: string; main: Markup },
): string {
  const { seed } = schedule
  const { violations, command, main } = parts
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>Chaos schedule ${seed}</title>
<style>${STYLE}${OWN_STYLE}</style>
</head>
<body>
<header class="${violations.length > 0 ? 'failed' : 'complete'}">
<p class="what">Chaos schedule</p>
<h1>${seed}</h1>
<p class="meaning">${violations.length === 0 && 'Nothing was violated.'}</p>
<ul>${violations.map(({ invariant, what }) => markup`<li><strong>${invariant}</strong>: ${what}</li>`)}</ul>
<p>${settingOf(schedule)}. To see it again: <code>${command}</code></p>
</header>
<main>
${main}
</main>
</body>
</html>
`.text
}

const BARS = [
  ['generation', 'broker running'],
  ['fault', 'fault'],
  ['passed', 'acknowledged'],
  ['cached', 'from the cache'],
  ['failed', 'failed'],
  ['cancelled', 'never settled, or its client died'],
  ['session', 'session'],
  ['command', 'command'],
]

const LEGEND = markup`<ul class="legend">${BARS.map(
  ([kind, name]) =>
    markup`<li><svg width="28" height="20" aria-hidden="true"><rect class="${kind}" width="28"/></svg> ${name}</li>`,
)}<li><svg width="8" height="20" aria-hidden="true"><line class="cut" x1="4" x2="4" y1="2" y2="18"/></svg> login refused, policy ended</li><li><svg width="8" height="20" aria-hidden="true"><line class="lost" x1="4" x2="4" y2="20"/></svg> fault begins</li></ul>`

const OWN_STYLE = new Markup(`
rect.fault { fill: var(--partial); y: 2px; height: 16px; }
rect.cached { fill: var(--link); y: 7px; height: 6px; }
rect.command { fill: var(--soft); y: 6px; height: 8px; }
rect.command, rect.passed, rect.failed { stroke: var(--back); stroke-width: .5; }
pre { font: .8rem/1.45 ui-monospace, monospace; max-height: 40rem; }
`)
