import type { RunReport } from '../report.ts'
import { brokerSection } from './broker-section.ts'
import { errorTable } from './error-table.ts'
import { latency } from './latency.ts'
import { markup } from './markup.ts'
import { networkHealth } from './network-health.ts'
import { outcome } from './outcome.ts'
import { STYLE } from './page-style.ts'
import { savings } from './savings.ts'
import { preflightSection } from './preflight-section.ts'
import { contents, section } from './section.ts'
import { timeline } from './timeline.ts'
import { workerTable } from './worker-table.ts'

/**
 * A run for people, in one file that needs no other: `report.html`. There is no script in it, and a
 * browser is told to run none.
 */
export function page(report: RunReport): string {
  const { preflight: before } = report
  const preflight = before
    ? [{ id: 'preflight', title: 'Preflight', content: preflightSection(before) }]
    : []
  const sections = [
    { id: 'workers', title: 'Workers', content: workerTable(report) },
    ...preflight,
    { id: 'timeline', title: 'Timeline', content: timeline(report) },
    { id: 'broker', title: 'Broker', content: brokerSection(report) },
    { id: 'savings', title: 'What the broker saved', content: savings(report) },
    { id: 'latency', title: 'How long commands took', content: latency(report) },
    { id: 'network', title: 'Network health', content: networkHealth(report) },
    { id: 'errors', title: 'Errors', content: errorTable(report) },
  ]
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>${report.status}: nac-broker run of ${report.startedAt}</title>
<style>${STYLE}</style>
</head>
<body>
${outcome(report)}
${contents(sections)}
<main>
${sections.map(section)}</main>
<footer><p>The same for programs: <a href="report.json">report.json</a>, <a href="junit.xml">junit.xml</a>. All times are UTC.</p></footer>
</body>
</html>
`.text
}
