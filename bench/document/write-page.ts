import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Question } from '../question.ts'
import { keptResults, RESULTS } from '../results-file.ts'
import { withCrashFigures } from './crash-figures.ts'
import { performancePage } from './performance-page.ts'

const DOCS = path.join(import.meta.dirname, '../../docs')
const IMAGES = 'images/performance'

/**
 * Writes docs/performance.md and its charts, and the figures in docs/crash-policies.md, in place of the last ones.
 * Returns in words what it has written.
 */
export async function writePage(
  questions: readonly Question[],
  { results = RESULTS, docs = DOCS }: { results?: string; docs?: string } = {},
): Promise<string> {
  const asked = await Promise.all(
    questions.map(async (question) => ({
      question,
      results: await keptResults(results, question.name),
    })),
  )
  const crashPage = path.join(docs, 'crash-policies.md')
  const crashPolicies = withCrashFigures(await readFile(crashPage, 'utf8'), asked)
  const template = await readFile(path.join(import.meta.dirname, 'template.md'), 'utf8')
  const { markdown, charts } = performancePage(template, asked, IMAGES)
  const images = path.join(docs, IMAGES)
  await mkdir(images, { recursive: true })
  const stale = (await readdir(images)).filter((name) => !charts.has(name))
  await Promise.all(stale.map((name) => rm(path.join(images, name))))
  await Promise.all([...charts].map(([name, svg]) => writeFile(path.join(images, name), svg)))
  await writeFile(path.join(docs, 'performance.md'), markdown)
  await writeFile(crashPage, crashPolicies)
  return `docs/performance.md: ${charts.size} of ${questions.length} questions with figures`
}
