import type { Question } from '../question.ts'
import type { KeptTable, Measured, Results } from '../results-file.ts'
import { chart } from './chart.ts'

export interface Asked {
  question: Pick<Question, 'name' | 'asks' | 'beside' | 'ofCrash'>
  /** Undefined where it was never measured in full. */
  results: Results | undefined
}

export interface Page {
  markdown: string
  /** By the names of their files. */
  charts: ReadonlyMap<string, string>
}

const MACHINE = '<!-- machine -->'
const QUESTIONS = '<!-- questions -->'

/** @param template has places for the machine and the questions; the rest is written by hand */
export function performancePage(template: string, asked: readonly Asked[], images: string): Page {
  const charts = new Map(
    asked.flatMap(({ question, results }): [string, string][] =>
      results?.kind === 'measured' ? [[`${question.name}.svg`, chart(charted(results))]] : [],
    ),
  )
  const sections = asked.map((each) => section(each, images)).join('\n\n')
  const markdown = template
    .replace(MACHINE, () => machinesOf(asked))
    .replace(QUESTIONS, () => sections)
  return { markdown, charts }
}

/** The main figures, and those that can be drawn to the same scale. */
function charted({ tables }: Measured): KeptTable[] {
  return tables.filter(({ unit }) => unit === tables[0]?.unit)
}

function machinesOf(asked: readonly Asked[]): string {
  const machines = new Set(
    asked.flatMap(({ results }) => {
      if (!results) return []
      const { node, cores, cpu, memoryGiB, system } = results
      return [`Node ${node}, ${cores} cores of ${cpu}, ${memoryGiB} GiB of memory, ${system}`]
    }),
  )
  if (machines.size === 0) return 'Nothing has been measured yet.'
  return `Measured with ${[...machines].join('; and with ')}.`
}

function section({ question: { name, asks, beside }, results }: Asked, images: string): string {
  const parts = [`### ${asks}`]
  if (beside) parts.push(`Beside: ${beside}.`)
  if (results?.kind === 'measured') parts.push(`![${asks}](${images}/${name}.svg)`)
  return [...parts, ...figuresOf(name, results)].join('\n\n')
}

/** Those of its tables that are wanted, or why there are none. */
export function figuresOf(
  name: string,
  results: Results | undefined,
  isWanted: (table: KeptTable) => boolean = () => true,
): string[] {
  if (!results) return [`**Not measured yet:** \`npx -y pnpm@12 bench ${name}\` does it.`]
  if (results.kind === 'not measured') return [`**Not measured:** ${results.because}.`]
  return [...results.tables.filter(isWanted).map(table), circumstancesOf(name, results)]
}

function table({ title, unit, digits, rows }: KeptTable): string {
  const lines = rows.map(({ what, samples, min, median, p99, bar = '' }) => {
    const figures = [min, median, p99].map((figure) => figure.toFixed(digits))
    return `| ${[what, ...figures, samples, bar].join(' | ')} |`
  })
  const head = [
    `| ${title}, in ${unit} | min | median | p99 | samples | must reach |`,
    '|---|---:|---:|---:|---:|---|',
  ]
  return [...head, ...lines].join('\n')
}

function circumstancesOf(name: string, { at, commit, tookMs, load }: Results): string {
  const sources = commit ? ` at commit ${commit}` : ''
  const took = Math.ceil(tookMs / 1000)
  return `\`bench ${name}\`, ${at.slice(0, 10)}${sources}: ${took} s; load average ${load.toFixed(1)} when it was done.`
}
