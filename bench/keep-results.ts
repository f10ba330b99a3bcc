import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import path from 'node:path'
import type { Question, Table } from './question.ts'
import { type Summary, summarise } from './samples.ts'

/** What `results/NAME.json` says. */
interface Results {
  question: string
  asks: string
  at: string
  quick: boolean
  node: string
  cores: number
  /** Of the last minute, when it was done. */
  load: number
  tables: {
    title: string
    unit: string
    rows: ({ what: string; bar?: string; samples: number } & Summary)[]
  }[]
}

const RESULTS = path.join(import.meta.dirname, 'results')

export async function keepResults(
  { name, asks }: Question,
  tables: readonly Table[],
  { quick }: { quick: boolean },
): Promise<void> {
  const results: Results = {
    question: name,
    asks,
    at: new Date().toISOString(),
    quick,
    node: process.version,
    cores: availableParallelism(),
    load: loadavg()[0] ?? 0,
    tables: tables.map(({ title, unit, rows }) => ({
      title,
      unit,
      rows: rows.map(({ samples, ...row }) => ({
        ...row,
        samples: samples.length,
        ...summarise(samples),
      })),
    })),
  }
  await mkdir(RESULTS, { recursive: true })
  await writeFile(path.join(RESULTS, `${name}.json`), `${JSON.stringify(results, undefined, 2)}\n`)
}
