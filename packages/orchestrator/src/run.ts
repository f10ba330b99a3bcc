import path from 'node:path'
import { resolveSupervision, type SuperviseBrokerOptions } from '@nac-broker/broker'
import { loadTestbed } from '@nac-broker/devices'
import { failpoint, systemClock } from '@nac-broker/supervisor'
import { pino } from 'pino'
import { asBrokerError, type StatusResult } from '@nac-broker/protocol'
import { beginRun, completeReport, resumeRun } from './begin-run.ts'
import { BrokerHistory, type BrokerTurn } from './broker-history.ts'
import { DeviceLogs } from './device-logs.ts'
import { type Ending, outcome } from './failure-policy.ts'
import { resolveFailurePolicy } from './failure-policy-options.ts'
import { decisionLine } from './decision-line.ts'
import { guardBroker, guardDevices } from './guard-broker.ts'
import { startGuard } from './guard.ts'
import { DirectUnits } from './health/direct-units.ts'
import { recordHealth } from './health/record-health.ts'
import { interruptionExitCode } from './interruption.ts'
import { runMark } from './leftovers.ts'
import { type Preflight, preflightOf } from './preflight/before-run.ts'
import { deviceReport, type RunReport, type WorkerReport } from './report.ts'
import { ReportDirectory } from './report-directory.ts'
import type { RunConfig, RunEvent, RunOptions } from './run-options.ts'
import { runUnits } from './run-units.ts'
import { startRunBroker } from './start-run-broker.ts'
import { runWorkers } from './run-workers.ts'
import { recordRun } from './status-server/record-run.ts'
import type { RunStatusOptions } from './status-server/run-status.ts'
import type { StatusServer } from './status-server/server.ts'
import type { StatusServerOptions } from './status-server/settings.ts'
import { WorkerUnits } from './worker-units.ts'
import { type PlannedWorker, planWorkers } from './worker-plan.ts'
import { startWatching } from './watch/start-watching.ts'
import { requireWatchable } from './watch/watch-spec.ts'
import { neverStarted } from './never-started.ts'
import { writeReport } from './write-report.ts'

/** After the workers are gone nothing that they asked for matters: enough to log out, in milliseconds. */
const CLOSE_MS = 3_000

/**
 * A whole run: hosts the broker, runs the workers with its socket in their environment, keeps to the
 * crash policy and the failure policy, and writes the report. No process and no socket of it is left
 * when it resolves.
 * @throws {BrokerError} `CONFIG_INVALID`, `TESTBED_INVALID`: nothing was started
 */
export async function run(config: RunConfig, options: RunOptions = {}): Promise<RunReport> {
  const { clock = systemClock, log = pino({ level: 'silent' }), env = process.env } = options
  const signal = options.signal ?? new AbortController().signal
  const startedMs = clock.now()
  const testbed = await loadTestbed(config.testbed)
  // Planned once without a broker, so that nothing is started for a plan that cannot be.
  const plan = (runEnv: Record<string, string>): PlannedWorker[] =>
    planWorkers(config.workers, testbed, runEnv)
  const names = plan({}).map(({ name }) => name)
  const maxParallel = config.maxParallel ?? names.length
  const policy = resolveFailurePolicy(config.failurePolicy ?? {}, names.length)
  const { maxSessionsPerDevice, crashPolicy } = resolveSupervision(config.broker)
  const watch = config.watch ?? []
  requireWatchable(watch, env)
  const directory = new ReportDirectory(config.reportDir)
  if (!config.resume) await directory.requireOurs()
  const identity = { testbed: path.resolve(testbed.path), workers: names }
  const complete = config.resume && (await completeReport(directory, identity))
  if (complete) {
    log.info(`nothing to resume: every worker of run ${complete.runId} has passed`)
    options.onEvent?.({
      event: 'finished',
      report: complete,
      reportFile: directory.reportFile,
    })
    return complete
  }
  const about = { devices: testbed.deviceNames, workers: names, clock }
  await using server = config.status && (await serveStatus(config.status, about))
  const emit = (event: RunEvent): void => {
    if (server) recordRun(server.status, event)
    options.onEvent?.(event)
  }
  if (server) emit({ event: 'status-server', url: server.url })
  const begin = config.resume ? resumeRun : beginRun
  await using begun = await begin(directory, identity, { clock, log })
  await using guard = await startGuard({ clock, log })
  guard.mark(runMark(begun.runId))
  const brokerOptions: SuperviseBrokerOptions = {
    ...config.broker,
    testbed,
    ...(begun.storePath !== undefined && { storePath: begun.storePath }),
    resume: begun.resumed > 0,
    env,
    clock,
    log,
    commandEvents: true,
    onEvent: (event) => server?.status.record(event),
    onChildProcess: guardDevices(guard),
  }
  await using broker = await startRunBroker(brokerOptions, signal).catch(interruptedBy(signal))
  // Nothing refuses the run any more: only now does anything of an earlier one go.
  using journal = begun.takeOver()
  const finish = async (
    ending: Omit<Ending, 'states' | 'interrupted' | 'partialOk'>,
    seen: Pick<RunReport, 'workers' | 'preflight' | 'devices' | 'broker' | 'health'>,
  ): Promise<RunReport> => {
    const report: RunReport = {
      ...outcome(policy, {
        ...ending,
        states: seen.workers.map((worker) => worker.status),
        interrupted: signal.aborted
          ? { exitCode: interruptionExitCode(signal.reason), reason: messageOf(signal) ?? '' }
          : undefined,
        partialOk: config.partialOk,
      }),
      runId: begun.runId,
      ...(begun.resumed > 0 && { resumed: begun.resumed }),
      startedAt: begun.startedAt,
      durationMs: Math.round(clock.now() - startedMs),
      testbed: identity.testbed,
      policy: crashPolicy.join(','),
      failurePolicy: policy,
      ...seen,
    }
    const reportFile = await writeReport(directory, report, log)
    journal.finished(report.status)
    emit({ event: 'finished', report, reportFile })
    return report
  }
  if (!broker) {
    await begun.makeRoom()
    const reason = messageOf(signal) ?? ''
    const { before } = begun
    const parts = { workers: plan({}), devices: testbed.deviceNames, before, reason }
    return await finish({}, neverStarted({ ...parts, directory, clock }))
  }
  const onTurn = (turn: BrokerTurn): void => emit({ event: 'broker', turn })
  const history = new BrokerHistory(broker, { clock, onTurn })
  const units = runUnits(broker, { clock, log })
  const directUnits = new DirectUnits(units, maxSessionsPerDevice)
  const deviceLogs = new DeviceLogs({
    devices: testbed.deviceNames,
    fileOf: (device) => directory.deviceLog(device),
    clock,
  })
  if (begun.pause) deviceLogs.resumed(begun.pause)
  const health = recordHealth(broker, {
    workers: names,
    devices: testbed.deviceNames,
    afterEvent: begun.lastEvent,
    clock,
    onEvent: (event, atMs) => deviceLogs.record(event, atMs),
    onDirect(event) {
      server?.status.record(event)
      directUnits.take(event)
    },
  })
  const workerUnits = new WorkerUnits(units)
  const watching = startWatching(watch, { detector: units, guard, env, clock })
  server?.status.follow({
    broker,
    history,
    runId: begun.runId,
    activity: (worker) => health.recorder.activity(worker),
  })
  const stopped = AbortSignal.any([signal, broker.lost])
  let preflight: Preflight | undefined
  let workers: WorkerReport[]
  let status: StatusResult | undefined
  try {
    await begun.makeRoom()
    const brokerPid = await guardBroker(guard, broker, config.broker?.socketPath)
    if (config.preflight !== false) {
      const parts = { testbed, policy, config: config.broker ?? {}, env, clock, log, emit }
      preflight = await preflightOf(broker, { ...parts, signal: stopped })
    }
    const { socketPath } = broker
    emit({
      event: 'started',
      workers: names.length,
      toDo: names.filter((name) => begun.before(name).passed === undefined),
      maxParallel,
      activity: (worker) => health.recorder.activity(worker),
      socketPath,
      brokerPid,
      reportDir: directory.path,
    })
    workers = await runWorkers(plan({ ...broker.env(), NAC_BROKER_RUN_ID: begun.runId }), {
      policy,
      maxParallel,
      before: begun.before,
      directory,
      env,
      signal: AbortSignal.any([stopped, ...(preflight?.stop ? [preflight.stop] : [])]),
      lost: broker.lost,
      brokerSettled: (stop) => history.settled(stop),
      hurry: options.hurry ?? new AbortController().signal,
      clock,
      guard,
      onStart(worker, attempt) {
        workerUnits.starting(worker)
        emit({ event: 'worker-started', worker, attempt })
      },
      onSpawn(worker, attempt, startedAt, pid) {
        journal.attempt(worker, attempt, startedAt, pid)
        failpoint('run.worker.started')
        workerUnits.ready(worker)
      },
      onExit: (worker, end) => workerUnits.ended(worker, end),
      onStopping: (worker) => workerUnits.stopping(worker),
      onAttemptEnd(worker, attempt) {
        failpoint('run.attempt.ended')
        journal.attemptEnded(worker, attempt)
        workerUnits.ended(worker, attempt)
      },
      onDecision(decision, attempt) {
        log.warn(decisionLine(decision, attempt))
        broker.tell({ event: 'policy-decision', policy: policy.name, ...decision })
      },
      onRetry: (worker, retry) => emit({ event: 'worker-retrying', worker, ...retry }),
      onLine: options.onLine,
      lastTraffic: (worker) => health.recorder.lastTraffic(worker),
      onEnd(worker) {
        health.workerEnded(worker.name)
        journal.ended(worker)
        failpoint('run.worker.ended')
        emit({ event: 'worker-ended', worker })
      },
    })
    status = await broker.status().catch(() => undefined)
    await health.lookIntoStore()
  } finally {
    await watching[Symbol.asyncDispose]()
    units[Symbol.dispose]()
    failpoint('run.closing')
    await broker.close({ deadlineMs: CLOSE_MS })
    await history.finish()
    failpoint('run.closed')
  }
  const healthReport = await health.report()
  deviceLogs.flush()
  return await finish(
    {
      brokerLost: messageOf(broker.lost),
      unreachable: preflight?.stop && messageOf(preflight.stop),
    },
    {
      workers,
      ...(preflight && { preflight: preflight.report }),
      devices: status?.devices.map(deviceReport) ?? testbed.deviceNames.map((name) => ({ name })),
      broker: {
        generation: broker.generation,
        restarts: history.generations.length - 1,
        generations: history.generations,
        statistics: broker.statistics(),
      },
      health: healthReport,
    },
  )
}

/** No broker where `signal` was aborted before there was one; whatever else went wrong goes on. */
function interruptedBy(signal: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (!signal.aborted || asBrokerError(error).code !== 'CANCELLED') throw error
  }
}

/** Who does not ask for it does not wait for what it is made of. */
async function serveStatus(
  options: StatusServerOptions,
  about: RunStatusOptions,
): Promise<StatusServer> {
  const { startStatusServer } = await import('./status-server/server.ts')
  return startStatusServer(options, about)
}

function messageOf({ aborted, reason }: AbortSignal): string | undefined {
  if (!aborted) return undefined
  return reason instanceof Error ? reason.message : String(reason)
}
