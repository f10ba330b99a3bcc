import { BASE_STYLE } from './base-style.ts'
import { Markup } from './markup.ts'

/** Shapes tell bars apart as well as colours. */
export const STYLE = new Markup(`
${BASE_STYLE}
header { padding: 1rem 1.25rem; background: var(--panel); border-left: .6rem solid var(--tone); }
.complete { --tone: var(--passed); } .partial { --tone: var(--partial); }
.failed, .aborted { --tone: var(--failed); }
.what { color: var(--soft); margin: 0; }
h1 { font-size: 2.4rem; line-height: 1.15; letter-spacing: .02em; color: var(--tone); }
.meaning { font-size: 1.1rem; overflow-wrap: anywhere; }
.counts { display: flex; flex-wrap: wrap; gap: .25rem 1.75rem; margin: .75rem 0; }
.counts b { font-size: 1.5rem; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .5rem 1.5rem; margin: 0; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; overflow-wrap: anywhere; }
nav ul, .legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
nav ul { margin-top: 1rem; }
.legend { font-size: .9rem; margin-bottom: .5rem; }
.legend svg { vertical-align: middle; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; color: var(--soft); }

th, td { padding-right: .85rem; } thead th { vertical-align: bottom; } thead .number { white-space: normal; }

.picture { display: grid; grid-template-columns: min(11rem, var(--names)) minmax(0, 1fr);
  column-gap: .75rem; scrollbar-gutter: stable; }
.picture h3 { grid-column: 1 / -1; position: sticky; left: 0; }
.picture .axis { grid-column: 2; }
.tall > .axis { position: sticky; top: 0; background: var(--back); }
.names { grid-column: 1; font-size: .8rem; }
.names li { height: 20px; line-height: 20px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
svg { display: block; overflow: hidden; }
.legend svg { display: inline-block; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
rect { y: 5px; height: 10px; }
.tick { stroke: var(--line); }
rect.passed { fill: var(--passed); }
rect.failed { fill: var(--failed); y: 2px; height: 16px; }
rect.cancelled { fill: var(--back); stroke: var(--cancelled); stroke-width: 2; stroke-dasharray: 4 2; }
rect.session { fill: var(--session); fill-opacity: .85; }
rect.generation { fill: var(--broker); y: 2px; height: 16px; }
rect.generation + text { fill: var(--on-broker); font-weight: 600; }
rect.bar { fill: var(--broker); y: 2px; height: 16px; }
text.count { fill: var(--front); font-variant-numeric: tabular-nums; }
.share { margin-bottom: 1rem; } .share rect { y: 0; height: 12px; }
.whole { fill: var(--line); } .part { fill: var(--passed); }
.cut { stroke: var(--failed); stroke-width: 2.5; }
.lost { stroke: var(--failed); stroke-width: 1.5; stroke-dasharray: 5 3; }

table:not(.board) { font-size: .85rem; } table:not(.board) .words { min-width: 12rem; }
@media (max-width: 58rem) {
  .board { font-size: .85rem; }
  .board tr { grid-template-columns: minmax(0, 1.1fr) minmax(0, 1fr) minmax(0, .85fr) minmax(0, 1.1fr); }
}
@media (max-width: 40rem) {
  body { padding: .6rem; } header { padding: .75rem 1rem; }
  .picture { grid-template-columns: min(6.5rem, var(--names)) minmax(0, 1fr); column-gap: .5rem; }
  .names { font-size: .72rem; }
  .words { min-width: 11rem; }
}
@media print { .scroll, .tall { overflow: visible; max-height: none; } }
`)
