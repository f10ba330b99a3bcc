import type { Clock } from '@nac-broker/supervisor'
import type { Logger } from 'pino'
import type { BrokerTurn } from './broker-history.ts'
import type { BrokerConfig } from './config/config.ts'
import type { FailurePolicyOptions } from './failure-policy-options.ts'
import type { WorkerActivity } from './health/health-recorder.ts'
import type { DevicePreflight, PreflightReport } from './preflight/report.ts'
import type { RunReport, WorkerReport } from './report.ts'
import type { StatusServerOptions } from './status-server/settings.ts'
import type { WatchSpec } from './watch/watch-spec.ts'
import type { WorkerSpec } from './worker-plan.ts'

export interface RunConfig {
  /** A pyATS testbed file. */
  testbed: string
  workers: readonly WorkerSpec[]
  broker?: BrokerConfig | undefined
  /** How many workers run at a time. Default: all. */
  maxParallel?: number | undefined
  /** What happens when a worker fails. Default: the others are stopped, and the run has failed. */
  failurePolicy?: FailurePolicyOptions | undefined
  /** A run that satisfies its policy exits with 0, although not every worker passed. */
  partialOk?: boolean | undefined
  /** Whether every device is logged in to before the first worker starts. Default true. */
  preflight?: boolean | undefined
  /** What it depends on, and is told of when it dies. Default: nothing. */
  watch?: readonly WatchSpec[] | undefined
  /** Where the run can be watched over HTTP. Default: nowhere. */
  status?: StatusServerOptions | undefined
  reportDir: string
  /**
   * Goes on with the run of the report directory: workers that passed are not started again. Where all
   * have, its report stays as it is and is returned.
   */
  resume?: boolean | undefined
}

/** What happens in a run. */
export type RunEvent =
  /** Where the run can be watched: the page's address, without the token. */
  | { event: 'status-server'; url: string }
  | { event: 'preflight'; devices: number }
  | { event: 'device-looked-at'; device: DevicePreflight }
  | { event: 'preflight-ended'; report: PreflightReport }
  | {
      event: 'started'
      workers: number
      /** The names of those that had not passed before the run was resumed, in their order. */
      toDo: readonly string[]
      /** How many run at a time. */
      maxParallel: number
      /** What a worker asks of the devices; up to date whenever it is called. */
      activity: (worker: string) => WorkerActivity
      socketPath: string
      /** The process that the first broker runs in. */
      brokerPid: number | undefined
      reportDir: string
    }
  | { event: 'worker-started'; worker: string; attempt: number }
  /** An attempt failed; `attempt` is the one to come. */
  | { event: 'worker-retrying'; worker: string; attempt: number; delayMs: number; reason: string }
  | { event: 'worker-ended'; worker: WorkerReport }
  | { event: 'broker'; turn: BrokerTurn }
  /** Without a file where it could not be written. */
  | { event: 'finished'; report: RunReport; reportFile: string | undefined }

export interface RunOptions {
  /** Aborted, it stops the workers; the report is written all the same, as ABORTED. */
  signal?: AbortSignal | undefined
  /** Aborted after that, it ends the grace that stopping has. */
  hurry?: AbortSignal | undefined
  clock?: Clock | undefined
  /** Default: silent. */
  log?: Logger | undefined
  /** What the workers inherit, and where `%ENV{}` credentials are looked up. Default `process.env`. */
  env?: NodeJS.ProcessEnv | undefined
  onEvent?: ((event: RunEvent) => void) | undefined
  /**
   * Each line that a worker prints, in pieces where it is longer than 64 KiB. It is in the worker's log as
   * well. Who returns a promise is told nothing more of that worker until it is settled, and the worker
   * writes no faster than that.
   */
  onLine?: ((worker: string, line: string) => void | Promise<void>) | undefined
}
