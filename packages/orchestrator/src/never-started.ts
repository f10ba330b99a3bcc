import { NO_STATISTICS } from '@nac-broker/broker'
import type { Clock } from '@nac-broker/supervisor'
import { HealthRecorder } from './health/health-recorder.ts'
import type { RunReport } from './report.ts'
import type { ReportDirectory } from './report-directory.ts'
import type { PlannedWorker } from './worker-plan.ts'
import { type Before, WorkerRecord } from './worker-record.ts'

export interface NeverStarted {
  workers: readonly PlannedWorker[]
  devices: readonly string[]
  before: (worker: string) => Before
  /** Why there was none. */
  reason: string
  directory: ReportDirectory
  clock: Clock
}

/** What there is to report of a run that was interrupted before it had a broker: it has started no worker. */
export function neverStarted({
  workers,
  devices,
  before,
  reason,
  directory,
  clock,
}: NeverStarted): Pick<RunReport, 'workers' | 'devices' | 'broker' | 'health'> {
  const names = workers.map(({ name }) => name)
  return {
    workers: workers.map((worker) => {
      const record = new WorkerRecord(worker, clock, before(worker.name))
      if (!record.isOver) record.conclude('never-started', reason)
      return record.report(directory.logOf(worker.name).relative)
    }),
    devices: devices.map((name) => ({ name })),
    broker: { generation: 0, restarts: 0, generations: [], statistics: NO_STATISTICS },
    health: new HealthRecorder({ workers: names, devices }).report(clock.wallTime().getTime()),
  }
}
