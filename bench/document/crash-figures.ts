import { isOfWholeQuestion } from '../whole-question.ts'
import { type Asked, figuresOf } from './performance-page.ts'

const BEGIN = '<!-- figures: bench --document writes what is between here -->'
const END = '<!-- and here -->'

/**
 * The page on crash policies with the figures of what they promise, in place of the last ones.
 * @throws {Error} where it has no place for them
 */
export function withCrashFigures(page: string, asked: readonly Asked[]): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`docs/crash-policies.md has no "${BEGIN}"`)
  const parts = asked
    .filter(({ question }) => question.ofCrash)
    .flatMap(({ question: { name, asks }, results }) => [
      `**${asks}**`,
      ...figuresOf(name, results, (table) => !isOfWholeQuestion(table)),
    ])
  return [page.slice(0, begin) + BEGIN, ...parts, page.slice(end)].join('\n\n')
}
