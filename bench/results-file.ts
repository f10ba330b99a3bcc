import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, release, totalmem, type as system } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Row, Table } from './question.ts'
import { type Summary, summarise } from './samples.ts'

/** What `results/NAME.json` says: the last full measurement of a question, or why there was none. */
export type Results = Circumstances & (Measured | NotMeasured)

export interface Measured {
  kind: 'measured'
  tables: KeptTable[]
}

interface NotMeasured {
  kind: 'not measured'
  because: string
}

export interface KeptTable extends Omit<Table, 'rows'> {
  rows: KeptRow[]
}

export interface KeptRow extends Omit<Row, 'samples'>, Summary {
  samples: number
}

/** Nothing that names the machine, or a place on it. */
interface Circumstances {
  /** ISO 8601, when it was done. */
  at: string
  tookMs: number
  /** Of the sources, with `-dirty` where they were changed; absent outside of a clone. */
  commit?: string
  node: string
  cores: number
  cpu: string
  memoryGiB: number
  system: string
  /** Of the last minute, when it was done. */
  load: number
}

export const RESULTS = path.join(import.meta.dirname, 'results')

/** Figures as they are kept: the samples themselves are not. */
export function measured(tables: readonly Table[]): Measured {
  return {
    kind: 'measured',
    tables: tables.map((table) => ({
      ...table,
      rows: table.rows.map(({ samples, ...row }) => ({
        ...row,
        samples: samples.length,
        ...summarise(samples),
      })),
    })),
  }
}

export async function keepResults(
  name: string,
  tookMs: number,
  outcome: Measured | NotMeasured,
): Promise<void> {
  const commit = await commitOfSources()
  const results: Results = {
    at: new Date().toISOString(),
    tookMs,
    ...(commit && { commit }),
    node: process.version,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown processor',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${system()} ${release()}`,
    load: loadavg()[0] ?? 0,
    ...outcome,
  }
  await mkdir(RESULTS, { recursive: true })
  await writeFile(path.join(RESULTS, `${name}.json`), `${JSON.stringify(results, undefined, 2)}\n`)
}

/** Undefined where the question was never asked in full. */
export async function keptResults(folder: string, name: string): Promise<Results | undefined> {
  const text = await readFile(path.join(folder, `${name}.json`), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  })
  if (text === undefined) return
  const kept = JSON.parse(text) as Partial<Results>
  // Another version of ours may have kept something else.
  return kept.kind === undefined ? undefined : (kept as Results)
}

async function commitOfSources(): Promise<string | undefined> {
  const args = ['describe', '--always', '--dirty', '--exclude=*']
  try {
    const { stdout } = await promisify(execFile)('git', args, { cwd: import.meta.dirname })
    return stdout.trim()
  } catch {
    return undefined
  }
}
