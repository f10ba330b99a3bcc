import type { RunReport, WorkerReport } from '../report.ts'

/** The run begins at noon. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2026, 2, 1, 12) + seconds * 1_000).toISOString()
}

/** A run of one worker on one device, both of which fared well. */
export function sampleReport(differences: Partial<RunReport> = {}): RunReport {
  const statistics = { connectionHits: 9, connectionMisses: 1, commandHits: 2, commandMisses: 10 }
  return {
    status: 'COMPLETE',
    exitCode: 0,
    runId: 'the-run',
    startedAt: at(0),
    durationMs: 10_000,
    testbed: '/lab/testbed.yaml',
    policy: 'restart,abort',
    failurePolicy: {
      name: 'best_effort',
      minAgentsRequired: 1,
      retryAttempts: 1,
      retryDelayMs: 500,
    },
    workers: [sampleWorker('bgp-1')],
    devices: [{ name: 'r1', platform: 'iosxe' }],
    broker: {
      generation: 1,
      restarts: 0,
      generations: [{ generation: 1, startedAt: at(0), endedAt: at(10), pid: 42 }],
      statistics,
    },
    health: {
      workers: [{ ...NO_OUTAGE, name: 'bgp-1', ...NO_CLIENT_TROUBLE, latencyMs: LATENCY }],
      devices: [
        {
          ...NO_OUTAGE,
          name: 'r1',
          loginFailures: 0,
          sessions: [{ openedAt: at(1), closedAt: at(10), by: 'shutdown' }],
          latencyMs: LATENCY,
        },
      ],
      latencyHistogram: [
        { upToMs: 20, count: 8 },
        { upToMs: 50, count: 4 },
      ],
      slowest: [{ device: 'r1', command: 'show version', worker: 'bgp-1', ms: 48, at: at(2) }],
      errorCount: 0,
      errors: [],
    },
    ...differences,
  }
}

const LATENCY = { min: 5, median: 11, p95: 40, p99: 48, max: 48, count: 12 }
const NO_OUTAGE = {
  disconnects: 0,
  reconnects: 0,
  downtimeMs: 0,
  retries: 0,
  commands: 12,
  errors: 0,
}
const NO_CLIENT_TROUBLE = { heartbeatsMissed: 0, fromCache: 2, direct: 0 }

export function sampleWorker(name: string, differences: Partial<WorkerReport> = {}): WorkerReport {
  return {
    name,
    group: 'bgp',
    status: 'passed',
    exitCode: 0,
    startedAt: at(1),
    durationMs: 4_000,
    log: `workers/${name}.log`,
    attempts: [{ attempt: 1, status: 'passed', startedAt: at(1), durationMs: 4_000, exitCode: 0 }],
    ...differences,
  }
}
