import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { BrokerError } from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import { fileNameOf } from './file-name.ts'
import { makeWritableDirectory } from './make-directory.ts'
import { fileTrouble } from './file-trouble.ts'
import type { RunReport } from './report.ts'
import { RunJournal } from './run-journal.ts'
import { junit } from './report/junit.ts'
import { logTail } from './report/log-tail.ts'
import { page } from './report/page.ts'

const JUNIT_FILE = 'junit.xml'
const PAGE_FILE = 'report.html'
const REPORT_FILE = 'report.json'
const JOURNAL_FILE = 'journal.jsonl'
const WORKERS = 'workers'
const DEVICES = 'devices'
/** A run's store, with SQLite's files beside it; without an id it is of a version that had one name for all. */
const STORE = /^run(-[\da-f-]{36})?\.store(-wal|-shm)?$/
/** What a run writes, but for its store, which has a name that nobody else gives. */
const OURS = [WORKERS, DEVICES, REPORT_FILE, JUNIT_FILE, PAGE_FILE, JOURNAL_FILE, 'run.store']

const OTHER = 'choose another with --report-dir, or report_dir in the config'

/** The directory that a run's report, the logs of its workers and devices, its journal and its store are in. */
export class ReportDirectory {
  readonly path: string
  readonly reportFile: string
  readonly journalFile: string
  readonly #workers: string
  readonly #devices: string

  constructor(given: string) {
    this.path = resolve(given)
    this.reportFile = join(this.path, REPORT_FILE)
    this.journalFile = join(this.path, JOURNAL_FILE)
    this.#workers = join(this.path, WORKERS)
    this.#devices = join(this.path, DEVICES)
  }

  /**
   * What a run writes there takes the place of what has the same name. That may go only where a run wrote it:
   * the journal says so, or, in a directory that was removed during its run, the report.
   * @throws {BrokerError} `CONFIG_INVALID`, naming what is somebody else's
   */
  async requireOurs(): Promise<void> {
    const there = await this.#names()
    const named = OURS.filter((name) => there.includes(name))
    if (named.length === 0 || RunJournal.isOne(this.journalFile)) return
    const report = await this.read()
    if (report?.runId !== undefined && report.failurePolicy !== undefined) return
    const why = `it has ${named.join(', ')}, which no run has written and this one would replace`
    throw this.#unusable(why, { advice: `move that away, or ${OTHER}` })
  }

  /**
   * Makes it where it is not there; what is in it stays.
   * @throws {BrokerError} `CONFIG_INVALID`
   */
  async make(): Promise<void> {
    try {
      await makeWritableDirectory(this.path)
      for (const logs of [this.#workers, this.#devices])
        if (existsSync(logs)) await makeWritableDirectory(logs)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw this.#unusable(why, { cause: error })
    }
  }

  /** Takes an earlier run out of it, but for its journal: what is there at the end is of this one. */
  async clear(runId: string): Promise<void> {
    const own = basename(this.storeFile(runId))
    const stores = (await this.#names()).filter((name) => STORE.test(name) && !name.startsWith(own))
    await this.#remove([...stores, REPORT_FILE, JUNIT_FILE, PAGE_FILE, WORKERS, DEVICES])
    await this.makeLogs()
  }

  removeStore(runId: string): Promise<void> {
    const own = basename(this.storeFile(runId))
    return this.#remove([own, `${own}-wal`, `${own}-shm`])
  }

  /** The directories of the logs. */
  async makeLogs(): Promise<void> {
    await makeWritableDirectory(this.#workers)
    await makeWritableDirectory(this.#devices)
  }

  /** Of each run its own: one that is begun and then cannot be started leaves the earlier one's as it is. */
  storeFile(runId: string): string {
    return join(this.path, `run-${runId}.store`)
  }

  /** Where a worker's output goes, in the directory and from anywhere. */
  logOf(worker: string): { relative: string; absolute: string } {
    const relative = join(WORKERS, `${fileNameOf(worker)}.log`)
    return { relative, absolute: join(this.path, relative) }
  }

  /** Where it is written what happened with a device. */
  deviceLog(device: string): string {
    return join(this.#devices, `${fileNameOf(device)}.log`)
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

  async #remove(names: readonly string[]): Promise<void> {
    const files = names.map((name) => join(this.path, name))
    await Promise.all(files.map((file) => rm(file, { recursive: true, force: true })))
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.path)
    } catch (error) {
      // Whoever makes it says what is in its way.
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return []
      throw this.#unusable(fileTrouble(error), { cause: error })
    }
  }

  #unusable(why: string, { advice = OTHER, cause }: { advice?: string; cause?: unknown }): Error {
    const message = `report directory ${this.path}: ${why}; ${advice}`
    return new BrokerError('CONFIG_INVALID', message, { cause })
  }
}
