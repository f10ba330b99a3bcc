import { Markup } from './markup.ts'

/** Text on its background has a contrast of 4.5 to 1 and more in light and dark; shapes tell bars apart too. */
export const STYLE = new Markup(`
:root {
  --back: #fff; --front: #1b1f24; --soft: #59636e; --line: #d5dae0; --panel: #f4f6f8; --link: #0a58b5;
  --passed: #187741; --failed: #c0271b; --cancelled: #6b6480; --partial: #8f5b00;
  --broker: #2f66a8; --session: #2b7f86; --on-broker: #fff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14181d; --front: #e4e8ed; --soft: #9fa9b4; --line: #343c46; --panel: #1d232a; --link: #76b3ff;
    --passed: #4fbf7b; --failed: #ff7a6b; --cancelled: #b3a9cf; --partial: #e5ab42;
    --broker: #6ea6ea; --session: #59b9c0; --on-broker: #0b1017;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; background: var(--back); color: var(--front);
  font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--link); }
h1, h2, h3, p { margin: 0 0 .5rem; }
h2 { font-size: 1.35rem; margin-top: 2.5rem; }
h3 { font-size: 1rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
ul, ol { list-style: none; margin: 0; padding: 0; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }

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

.scroll { overflow: auto; margin: .75rem 0 1.5rem; }
.tall { max-height: 34rem; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem 1.1rem .3rem 0; white-space: nowrap; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--back); color: var(--soft); font-weight: 600;
  box-shadow: inset 0 -1px var(--line); }
tbody tr { border-bottom: 1px solid var(--line); }
tbody th { font-weight: 500; position: sticky; left: 0; background: var(--back); }
thead th:first-child { left: 0; z-index: 2; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.words { white-space: normal; min-width: 16rem; overflow-wrap: anywhere; }
.words ul { color: var(--soft); font-size: .9em; }
.none { color: var(--soft); }
.status { font-weight: 600; }
.status.passed { color: var(--passed); } .status.failed, .status.failed-to-stop { color: var(--failed); }
.status.cancelled, .status.never-started { color: var(--cancelled); }

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

@media (max-width: 40rem) {
  body { padding: .6rem; } header { padding: .75rem 1rem; }
  .picture { grid-template-columns: min(6.5rem, var(--names)) minmax(0, 1fr); column-gap: .5rem; }
  .names { font-size: .72rem; }
  .words { min-width: 11rem; }
}
@media print { .scroll, .tall { overflow: visible; max-height: none; } }
`)
