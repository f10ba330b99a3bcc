import { pictures } from '../../../orchestrator/src/report/lanes.ts'
import { Markup, markup } from '../../../orchestrator/src/report/markup.ts'
import { STYLE } from '../../../orchestrator/src/report/page-style.ts'
import type { Evidence } from '../schedules/evidence.ts'
import type { Violation } from '../schedules/judge.ts'
import { timelineOf } from '../schedules/timeline.ts'
import { axisOf, picturesOf } from './lanes-of.ts'

/** A schedule that was run, in one file that needs no other, and in which no script runs. */
export function pageOf(
  evidence: Evidence,
  violations: readonly Violation[],
  command: string,
): string {
  const { seed } = evidence.schedule
  const [setting = '', ...lines] = timelineOf(evidence)
  const axis = axisOf(evidence)
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
<p>${setting}. To see it again: <code>${command}</code></p>
</header>
<main>
<h2>Timeline</h2>
<p>Time runs from left to right. Point at a bar to read what it is.</p>
${LEGEND}
${pictures(axis, picturesOf(evidence, axis))}
<h2>In words</h2>
<pre class="scroll">${lines.join('\n')}</pre>
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
