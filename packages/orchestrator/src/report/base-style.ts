/**
 * What the pages look like that people are shown. Text on its background has a contrast of 4.5 to 1 and
 * more in light and dark.
 */
export const BASE_STYLE = `:root {
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

/* Where there is no room for all columns, what a row has to say goes below its numbers. */
@media (max-width: 58rem) {
  .board tr { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); padding-bottom: .3rem; }
  .board thead tr { position: sticky; top: 0; z-index: 1; background: var(--back); box-shadow: inset 0 -1px var(--line); }
  .board :is(th, td) { position: static; padding: .15rem .4rem 0 0; white-space: normal;
    overflow-wrap: anywhere; }
  .board thead th { font-size: .82rem; box-shadow: none; }
  .board .number { text-align: left; }
  .board .words { grid-column: 1 / -1; order: 1; min-width: 0; }
  .board .words:empty { display: none; }
}
`
