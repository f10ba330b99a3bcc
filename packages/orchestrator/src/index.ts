/**
 * A whole run, and the `nac-broker` command over it.
 *
 *   run            hosts the broker, runs the workers, writes the report
 *   run-options    what it is given, and what it tells
 *   worker-plan    what a config asks for -> one named worker after the other
 *   failure-policy when a run goes on, and what became of it (failure-policy-options)
 *   run-workers    so many at a time, again where they fail (worker-record), until the policy ends it
 *   worker-attempt one of a worker's attempts, with its log and its environment
 *   worker         one child process (find-program, process-group, worker-limits, worker-log, line-splitter)
 *   run-units      how the workers and what else the run depends on fare (worker-units)
 *   watch/         commands that are asked again and again whether something is live
 *   broker-history the broker's generations, and whether it is there
 *   preflight/     each device logged in to, step by step, before the workers or by itself
 *   begin-run      a run's journal and store; where it goes on when it is resumed (run-journal,
 *                  unfinished-run, directory-hold, leftovers)
 *   report         what report.json holds
 *   report-directory  where a run writes, and what it finds there
 *   report/        the same as junit.xml and as report.html
 *   health/        the run's events -> what the report says of its connections
 *   device-logs    the same events, as a log for each device (event-words, file-name)
 *   config/        nac-broker.yaml -> Config, with file and line in every error
 *   demo/          a run on simulated devices whose broker is killed, and what must be true of it
 *   cli/           the command: flags in, lines and exit codes out; nothing else writes to the console
 *
 * One run: cli/run -> config/load -> run -> run-workers -> worker-attempt -> worker.
 */
export { loadConfig } from './config/load.ts'
export type { Config } from './config/config.ts'
export type { BrokerTurn } from './broker-history.ts'
export type { FailurePolicy } from './failure-policy.ts'
export type { FailurePolicyOptions } from './failure-policy-options.ts'
export type { WorkerActivity } from './health/health-recorder.ts'
export type { HealthReport } from './health/health-report.ts'
export { Interruption, type StopSignal } from './interruption.ts'
export { preflight, type LogIn, type PreflightOptions } from './preflight/preflight.ts'
export type {
  DevicePreflight,
  LoginAttempt,
  PreflightReport,
  StepReport,
} from './preflight/report.ts'
export type {
  AttemptReport,
  DeviceReport,
  GenerationReport,
  RunReport,
  WorkerReport,
} from './report.ts'
export { run } from './run.ts'
export type { RunConfig, RunEvent, RunOptions } from './run-options.ts'
export type { StatusServerOptions } from './status-server/settings.ts'
export type { WatchSpec } from './watch/watch-spec.ts'
export type { WorkerSpec } from './worker-plan.ts'
