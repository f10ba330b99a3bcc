import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Question } from '../question.ts'
import type { KeptTable, Measured, Results } from '../results-file.ts'
import { writePage } from './write-page.ts'

const DOCS = path.join(import.meta.dirname, '../../docs')
const BEGIN = '<!-- figures: bench --document writes what is between here -->'
const END = '<!-- and here -->'

const CIRCUMSTANCES = {
  at: '2026-01-02T03:04:05.678Z',
  tookMs: 1500,
  commit: 'abc1234',
  node: 'v24.0.0',
  cores: 2,
  cpu: 'A Processor',
  memoryGiB: 8,
  system: 'Linux 6',
  load: 0.25,
}

const ROUND_TRIP: Results & Measured = {
  ...CIRCUMSTANCES,
  kind: 'measured',
  tables: [
    {
      title: 'One call & no other',
      unit: 'microseconds',
      digits: 1,
      rows: [
        { what: 'echo', samples: 100, min: 50, median: 60, p99: 600 },
        { what: 'call <cached>', samples: 100, min: 70, median: 80.04, p99: 100 },
      ],
    },
    {
      title: 'Ratio',
      unit: 'ratio',
      digits: 2,
      rows: [
        {
          what: 'call / echo',
          samples: 1,
          min: 1.33,
          median: 1.33,
          p99: 1.33,
          bar: 'at most 1.25',
        },
      ],
    },
  ],
}

function question(name: string, more: Partial<Question> = {}): Question {
  return { name, asks: `How quick is ${name}?`, measure: async () => [], ...more }
}

/** Writes the page of these questions; returns what the folder of documents then holds. */
async function pageOf(questions: readonly Question[], kept: Record<string, Results>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-page-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [results, docs] = [path.join(folder, 'results'), path.join(folder, 'docs')]
  const images = path.join(docs, 'images/performance')
  await mkdir(results)
  await mkdir(images, { recursive: true })
  await writeFile(path.join(images, 'asked-no-more.svg'), '')
  for (const [name, each] of Object.entries(kept))
    await writeFile(path.join(results, `${name}.json`), JSON.stringify(each))
  const crashPage = path.join(docs, 'crash-policies.md')
  await writeFile(crashPage, `Before.\n\n${BEGIN}\n\nold figures\n\n${END}\n\nAfter.\n`)
  const said = await writePage(questions, { results, docs })
  const markdown = await readFile(path.join(docs, 'performance.md'), 'utf8')
  const crashes = await readFile(crashPage, 'utf8')
  return { said, markdown, crashes, images, charts: await readdir(images) }
}

test('a question is documented with its peer, its figures, what they must reach, and where they come from', async () => {
  const asked = question('round-trip', { beside: 'a bare echo' })
  const { markdown, said } = await pageOf([asked], { 'round-trip': ROUND_TRIP })
  expect(said).toContain('1 of 1')
  expect(markdown).toContain('### How quick is round-trip?\n\nBeside: a bare echo.')
  expect(markdown).toContain('| call / echo | 1.33 | 1.33 | 1.33 | 1 | at most 1.25 |')
  expect(markdown).toContain('| echo | 50.0 | 60.0 | 600.0 | 100 |  |')
  expect(markdown).toContain('2026-01-02 at commit abc1234: 2 s; load average 0.3')
  expect(markdown).toContain('Node v24.0.0, 2 cores of A Processor, 8 GiB of memory, Linux 6')
  expect(markdown).toContain('](images/performance/round-trip.svg)')
})

test('the chart of a question shows what has the unit of its first figures; charts of other questions go', async () => {
  const { charts, images } = await pageOf([question('a')], { a: ROUND_TRIP })
  expect(charts).toEqual(['a.svg'])
  const svg = await readFile(path.join(images, 'a.svg'), 'utf8')
  expect(svg).toContain('>80.0 microseconds</text>')
  expect(svg).toContain('call &lt;cached>')
  expect(svg).toContain('One call &amp; no other')
  expect(svg).toContain('prefers-color-scheme: dark')
  expect(svg).not.toContain('call / echo')
  const bars = [...svg.matchAll(/class="bar".* width="(\d+)"/g)].map(([, width]) => Number(width))
  expect((bars[1] ?? 0) / (bars[0] ?? 0)).toBeCloseTo(80 / 60, 2)
})

test('what was not measured is said, with how to measure it', async () => {
  const because = 'there is no ssh here (apt-get install openssh-client)'
  const { markdown, said, charts } = await pageOf([question('never'), question('skipped')], {
    skipped: { ...CIRCUMSTANCES, kind: 'not measured', because },
  })
  expect(said).toContain('0 of 2')
  expect(markdown).toMatch(/### How quick is never\?\n\n.*`npx -y pnpm@12 bench never`/)
  expect(markdown).toContain(`### How quick is skipped?\n\n**Not measured:** ${because}.`)
  expect(charts).toEqual([])
})

test('the page on crash policies has the figures of what they promise, and of nothing else', async () => {
  const inAll = { ...ROUND_TRIP.tables[1], title: 'The memory of a process' } as KeptTable
  const lost = { ...ROUND_TRIP, tables: [...ROUND_TRIP.tables, inAll] }
  const asked = [question('a'), question('lost', { ofCrash: true })]
  const { crashes } = await pageOf(asked, { a: ROUND_TRIP, lost })
  expect(crashes.startsWith(`Before.\n\n${BEGIN}\n\n**How quick is lost?**\n\n| One call`)).toBe(
    true,
  )
  expect(crashes.endsWith(`when it was done.\n\n${END}\n\nAfter.\n`)).toBe(true)
  expect(crashes).toContain('| echo | 50.0 | 60.0 | 600.0 | 100 |  |')
  expect(crashes).toContain('`bench lost`, 2026-01-02 at commit abc1234')
  for (const other of ['old figures', 'quick is a?', 'memory', 'images'])
    expect(crashes).not.toContain(other)
})

test('docs/crash-policies.md has a place for figures, and no others there than docs/performance.md', async () => {
  const [crashes, performance] = await Promise.all(
    ['crash-policies.md', 'performance.md'].map((name) => readFile(path.join(DOCS, name), 'utf8')),
  )
  const [, between = ''] = (crashes ?? '').split(BEGIN)
  const [written, after] = between.split(END)
  expect(after).toBeDefined()
  const lines = written?.split('\n').filter((line) => /^[|`]/.test(line)) ?? []
  expect(lines.length).toBeGreaterThan(10)
  expect(lines.filter((line) => !performance?.includes(line))).toEqual([])
})
