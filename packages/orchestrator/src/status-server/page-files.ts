import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { BASE_STYLE } from '../report/base-style.ts'

/** The package's own folder, from the sources as from `dist`. */
const PAGE = path.join(import.meta.dirname, '../../status-page')
const UPLOT = path.dirname(fileURLToPath(import.meta.resolve('uplot')))

const HTML = 'text/html; charset=utf-8'
const SCRIPT = 'text/javascript; charset=utf-8'
const STYLE = 'text/css; charset=utf-8'

interface PageFile {
  type: string
  content: string
}

const SCRIPTS = [
  'main.js',
  'stream.js',
  'state.js',
  'markup.js',
  'summary.js',
  'table-rows.js',
  'device-table.js',
  'worker-table.js',
  'watch-table.js',
  'broker-timeline.js',
  'rates.js',
  'charts.js',
  'event-list.js',
]

/** Everything the status page consists of, by its path; it asks nobody else for anything. */
export async function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const page = (name: string): Promise<string> => readFile(path.join(PAGE, name), 'utf8')
  const uplot = (name: string): Promise<string> => readFile(path.join(UPLOT, name), 'utf8')
  const scripts = await Promise.all(
    SCRIPTS.map(async (name) => [`/${name}`, { type: SCRIPT, content: await page(name) }] as const),
  )
  return new Map([
    ['/', { type: HTML, content: await page('index.html') }],
    ['/page.css', { type: STYLE, content: `${BASE_STYLE}\n${await page('page.css')}` }],
    ['/uplot.css', { type: STYLE, content: await uplot('uPlot.min.css') }],
    ['/uplot.js', { type: SCRIPT, content: await uplot('uPlot.esm.js') }],
    ...scripts,
  ])
}
