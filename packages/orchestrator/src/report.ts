import { rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { BrokerError, type BrokerStatistics, type DeviceStatus } from '@nac-broker/protocol'
import type { PreflightReport } from './preflight/report.ts'
import type { FailurePolicy } from './failure-policy.ts'
import type { HealthReport } from './health/health-report.ts'
import { makeWritableDirectory } from './make-directory.ts'
import { junit } from './report/junit.ts'
import { logTail } from './report/log-tail.ts'
import { page } from './report/page.ts'

export interface WorkerReport {
  name: string
  /** What the config calls it and its like. */
  group?: string
  /** `failed-to-stop`: it was killed, and some time later it had still not ended. */
  status: 'passed' | 'failed' | 'cancelled' | 'never-started' | 'failed-to-stop'
  /** The device it was for, where there is one worker per device. */
  device?: string
  /** How the last attempt ended. */
  exitCode?: number
  /** What ended it, where it did not exit by itself. */
  signal?: NodeJS.Signals
  /** Why it has not passed. */
  reason?: string
  /** Absent where it was never started. */
  startedAt?: string
  /** From the first attempt's start to the last one's end. */
  durationMs?: number
  /** Its output: a path in the report directory. Absent where it was never started. */
  log?: string
  /** Empty where it was never started. */
  attempts: AttemptReport[]
}

export interface AttemptReport {
  /** Counts from 1. */
  attempt: number
  status: 'passed' | 'failed' | 'cancelled'
  startedAt: string
  durationMs: number
  exitCode?: number
  signal?: NodeJS.Signals
  reason?: string
}

export interface GenerationReport {
  generation: number
  startedAt: string
  endedAt?: string
  /** Of the process that owned the socket. */
  pid?: number
  /** Why it was lost, if it was. */
  lost?: string
}

export interface DeviceReport {
  name: string
  platform?: string
  /** What last went wrong in logging in or on a session. */
  lastError?: { code: string; message: string }
}

/** What `report.json` holds. */
export interface RunReport {
  /** PARTIAL: the failure policy is satisfied, but not every worker has passed. */
  status: 'COMPLETE' | 'PARTIAL' | 'FAILED' | 'ABORTED'
  exitCode: number
  /** Why it is not COMPLETE. */
  reason?: string
  runId: string
  /** How often the run was resumed; absent where it was not. */
  resumed?: number
  startedAt: string
  /** From the beginning, or from where it was last resumed. */
  durationMs: number
  testbed: string
  workers: WorkerReport[]
  /** Absent where there was none, or it could not be finished. */
  preflight?: PreflightReport
  devices: DeviceReport[]
  /** What was to happen when the broker is lost. */
  policy: string
  /** What was to happen when a worker fails. */
  failurePolicy: FailurePolicy
  broker: {
    /** The last one's. */
    generation: number
    restarts: number
    generations: GenerationReport[]
    /** Summed over the generations. */
    statistics: BrokerStatistics
  }
  health: HealthReport
}

export function deviceReport({ device, platform, lastError }: DeviceStatus): DeviceReport {
  return {
    name: device,
    ...(platform !== undefined && { platform }),
    ...(lastError && { lastError }),
  }
}

const JSON_FILE = 'report.json'
const JUNIT_FILE = 'junit.xml'
const PAGE_FILE = 'report.html'
const REPORT_FILES = [JSON_FILE, JUNIT_FILE, PAGE_FILE]

/** The directory that a run's report and its workers' logs are in. */
export class ReportDirectory {
  readonly path: string
  readonly reportFile: string
  readonly journalFile: string
  readonly storeFile: string

  private constructor(directory: string) {
    this.path = directory
    this.reportFile = join(directory, JSON_FILE)
    this.journalFile = join(directory, 'journal.jsonl')
    this.storeFile = join(directory, 'run.store')
  }

  /**
   * Makes the directory, and takes an earlier run's report out of it: what is there at the end is ours.
   * @throws {BrokerError} `CONFIG_INVALID`
   */
  static async create(given: string): Promise<ReportDirectory> {
    const directory = new ReportDirectory(resolve(given))
    try {
      await makeWritableDirectory(directory.path)
      await makeWritableDirectory(join(directory.path, 'workers'))
      for (const name of REPORT_FILES) await rm(join(directory.path, name), { force: true })
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new BrokerError(
        'CONFIG_INVALID',
        `report directory ${given}: ${why}; choose another with --report-dir, or report_dir in the config`,
        { cause: error },
      )
    }
    return directory
  }

  /** Where a worker's output goes, in the directory and from anywhere. */
  logOf(worker: string): { relative: string; absolute: string } {
    const relative = join('workers', `${encodeURIComponent(worker)}.log`)
    return { relative, absolute: join(this.path, relative) }
  }

  /** The report for programs, for CI servers and for people. */
  async write(report: RunReport): Promise<void> {
    const logTails = new Map<string, string>()
    for (const { name, log } of report.workers) {
      if (log !== undefined) logTails.set(name, await logTail(join(this.path, log)))
    }
    await writeFile(this.reportFile, `${JSON.stringify(report, undefined, 2)}\n`)
    await writeFile(join(this.path, JUNIT_FILE), junit(report, logTails))
    await writeFile(join(this.path, PAGE_FILE), page(report))
  }
}
