import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type DeviceLogEntry, startSimulator } from '@nac-broker/devices'
import type { RunReport } from './report.ts'
import { run } from './run.ts'
import type { RunConfig, RunOptions } from './run-options.ts'
import type { WorkerSpec } from './worker-plan.ts'

export interface RunLab extends AsyncDisposable {
  path(...names: string[]): string
  /** The device's own account of all runs. */
  readonly deviceLog: readonly DeviceLogEntry[]
  /** Resolves when the device next gets a line. */
  nextCommand(): Promise<void>
  /** Runs these workers, with the report in a folder of its own. */
  run(
    workers: readonly WorkerSpec[],
    config?: Partial<RunConfig>,
    options?: RunOptions,
  ): Promise<Ran>
}

export interface Ran {
  report: RunReport
  /** What report.json says. */
  written: unknown
  /** What is in a file of the report directory. */
  file: (name: string) => Promise<string>
  log: (worker: string) => Promise<string>
}

/** A simulated device, and runs that have it as their testbed. */
export async function startRunLab(): Promise<RunLab> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-run-'))
  const testbed = path.join(folder, 'testbed.yaml')
  const deviceLog: DeviceLogEntry[] = []
  const waiting: (() => void)[] = []
  const simulator = await startSimulator({
    devices: 1,
    latencyMs: 30,
    deviceLog(entry) {
      deviceLog.push(entry)
      if (entry.event === 'command') for (const wake of waiting.splice(0)) wake()
    },
  })
  await simulator.writeTestbed(testbed)
  let runs = 0
  return {
    path: (...names) => path.join(folder, ...names),
    deviceLog,
    nextCommand: () => new Promise((resolve) => void waiting.push(resolve)),
    async run(workers, config = {}, options = {}) {
      const { reportDir = path.join(folder, `report-${++runs}`) } = config
      const report = await run({ testbed, workers, ...config, reportDir }, options)
      const file = (name: string): Promise<string> => readFile(path.join(reportDir, name), 'utf8')
      return {
        report,
        written: JSON.parse(await file('report.json')),
        file,
        log: (worker) => file(path.join('workers', `${worker}.log`)),
      }
    },
    async [Symbol.asyncDispose]() {
      await simulator.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** So many workers, `w-1` and on, that run a shell script. */
export function shell(script: string, count: number, env: Record<string, string> = {}): WorkerSpec {
  return { name: 'w', command: ['sh', '-c', script], instances: { kind: 'count', count }, env }
}

/** How many workers are in which state. */
export function tally({ workers }: RunReport): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of workers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
