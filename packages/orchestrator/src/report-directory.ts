import { readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { BrokerError } from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import { makeWritableDirectory } from './make-directory.ts'
import type { RunReport } from './report.ts'
import { junit } from './report/junit.ts'
import { logTail } from './report/log-tail.ts'
import { page } from './report/page.ts'

const JUNIT_FILE = 'junit.xml'
const PAGE_FILE = 'report.html'

/** The directory that a run's report, its workers' logs, its journal and its store are in. */
export class ReportDirectory {
  readonly path: string
  readonly reportFile: string
  readonly journalFile: string
  readonly storeFile: string
  readonly #workers: string

  constructor(given: string) {
    this.path = resolve(given)
    this.reportFile = join(this.path, 'report.json')
    this.journalFile = join(this.path, 'journal.jsonl')
    this.storeFile = join(this.path, 'run.store')
    this.#workers = join(this.path, 'workers')
  }

  /**
   * Makes it where it is not there; what is in it stays.
   * @throws {BrokerError} `CONFIG_INVALID`
   */
  async make(): Promise<void> {
    try {
      await makeWritableDirectory(this.path)
      await makeWritableDirectory(this.#workers)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new BrokerError(
        'CONFIG_INVALID',
        `report directory ${this.path}: ${why}; choose another with --report-dir, or report_dir in the config`,
        { cause: error },
      )
    }
  }

  /** Takes an earlier run out of it, but for its journal: what is there at the end is ours. */
  async clear(): Promise<void> {
    const store = ['', '-wal', '-shm'].map((suffix) => this.storeFile + suffix)
    const reports = [this.reportFile, join(this.path, JUNIT_FILE), join(this.path, PAGE_FILE)]
    await Promise.all([...store, ...reports].map((file) => rm(file, { force: true })))
    await rm(this.#workers, { recursive: true, force: true })
    await makeWritableDirectory(this.#workers)
  }

  /** Where a worker's output goes, in the directory and from anywhere. */
  logOf(worker: string): { relative: string; absolute: string } {
    const relative = join('workers', `${encodeURIComponent(worker)}.log`)
    return { relative, absolute: join(this.path, relative) }
  }

  /** What was written for programs; undefined where that cannot be read. */
  async read(): Promise<RunReport | undefined> {
    try {
      return JSON.parse(await readFile(this.reportFile, 'utf8')) as RunReport
    } catch {
      return undefined
    }
  }

  /** The report for programs, for CI servers and for people. */
  async write(report: RunReport): Promise<void> {
    const logTails = new Map<string, string>()
    for (const { name, log } of report.workers) {
      if (log !== undefined) logTails.set(name, await logTail(join(this.path, log)))
    }
    failpoint('run.report.to-be-written')
    await writeFile(this.reportFile, `${JSON.stringify(report, undefined, 2)}\n`)
    failpoint('run.report.for-programs')
    await writeFile(join(this.path, JUNIT_FILE), junit(report, logTails))
    await writeFile(join(this.path, PAGE_FILE), page(report))
    failpoint('run.report.written')
  }
}
