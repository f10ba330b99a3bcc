import type { BrokerStatistics, DeviceStatus } from '@nac-broker/protocol'
import type { PreflightReport } from './preflight/report.ts'
import type { FailurePolicy } from './failure-policy.ts'
import type { HealthReport } from './health/health-report.ts'

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
  /** From the first attempt's start to the last one's end, but for the time before a resume in which nobody did the run. */
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
