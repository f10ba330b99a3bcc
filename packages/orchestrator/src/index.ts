/**
 * A whole run, and the `nac-broker` command over it.
 *
 *   run            hosts the broker, runs the workers, writes the report
 *   worker-plan    what a config asks for -> one named worker after the other
 *   run-workers    so many at a time; one that fails stops the others
 *   worker         one child process (process-group, worker-log, line-splitter)
 *   report         what report.json holds
 *   config/        nac-broker.yaml -> Config, with file and line in every error
 *   demo/          a run on simulated devices, and what must be true of it
 *   cli/           the command: flags in, lines and exit codes out; nothing else writes to the console
 *
 * One run: cli/run -> config/load -> run -> run-workers -> worker.
 */
export { loadConfig } from './config/load.ts'
export type { Config } from './config/schema.ts'
export { Interruption, type StopSignal } from './interruption.ts'
export type { DeviceReport, RunReport, WorkerReport } from './report.ts'
export { run, type RunConfig, type RunEvent, type RunOptions } from './run.ts'
export type { WorkerSpec } from './worker-plan.ts'
