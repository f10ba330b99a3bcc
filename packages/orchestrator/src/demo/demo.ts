import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type DeviceLogEntry, startSimulator } from '@nac-broker/devices'
import { systemClock } from '@nac-broker/supervisor'
import type { Logger } from 'pino'
import type { RunReport } from '../report.ts'
import { run } from '../run.ts'
import type { WorkerSpec } from '../worker-plan.ts'
import { Journal } from './journal.ts'
import { type Summary, summarize } from './summary.ts'
import { type DemoPolicy, type Kill, type Promised, verdict } from './verdict.ts'
import { witnessed } from './witnessed.ts'
import type { Share } from './workload.ts'

export interface DemoOptions {
  policy: DemoPolicy
  devices: number
  workers: number
  commands: number
  signal?: AbortSignal
  hurry?: AbortSignal
  log?: Logger
  /** Called as answers come in, with how many there are. */
  onProgress?: (answered: number) => void
  onKill?: (kill: Kill) => void
}

export interface DemoResult {
  report: RunReport
  summary: Summary
  /** By a signal: what was promised cannot be judged. */
  interrupted: boolean
  promises: readonly Promised[]
  /** In a temporary directory, which is left for the user to look at. */
  reportFile: string
  deviceLog: string
}

/** With which a run exits that its broker's loss has aborted. */
const BROKER_LOST = 4

const LIMITS = { maxConnections: 50, maxSessionsPerDevice: 1 }

/**
 * A run on simulated devices whose broker is killed once half of the commands have been answered and
 * every worker is connected; and what must be true of it, by what clients and devices tell.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { policy, devices, workers, commands, signal, hurry, log, onProgress, onKill } = options
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-demo-'))
  const testbed = path.join(directory, 'testbed.yaml')
  const deviceLog = path.join(directory, 'devices.jsonl')
  const reportDir = path.join(directory, 'report')
  const simulator = await startSimulator({ devices, deviceLog })
  const journal = new Journal()
  let brokerPid: number | undefined
  let kill: Kill | undefined
  let report: RunReport
  try {
    await simulator.writeTestbed(testbed)
    const names = simulator.devices.map(({ name }) => name)
    const shares = Array.from({ length: workers }, (_, index) => ({ index, workers, commands }))
    report = await run(
      {
        testbed,
        workers: shares.map((share) => workerSpec({ ...share, devices: names })),
        broker: { ...LIMITS, host: 'process', crashPolicy: policy },
        reportDir,
      },
      {
        signal,
        hurry,
        log,
        onEvent(event) {
          if (event.event === 'started') ({ brokerPid } = event)
        },
        onLine(worker, line) {
          journal.read(worker, line)
          const { length: answered } = journal.answered
          onProgress?.(answered)
          // A worker that is late would otherwise not see the broker die, and might be all that is left.
          if (answered < commands / 2 || journal.connected < workers) return
          if (brokerPid === undefined) return
          kill = killNow(brokerPid, answered)
          brokerPid = undefined
          if (kill) onKill?.(kill)
        },
      },
    )
  } finally {
    await simulator.close()
  }
  const seen = witnessed(await readLog(deviceLog))
  return {
    report,
    summary: summarize({ journal, kill, seen, report, commands }),
    interrupted: report.status === 'ABORTED' && report.exitCode !== BROKER_LOST,
    promises: verdict({
      policy,
      limits: LIMITS,
      commands,
      kill,
      calls: journal.calls,
      seen,
      report,
      workersLeft: journal.pids.filter(isRunning).length,
    }),
    reportFile: path.join(reportDir, 'report.json'),
    deviceLog,
  }
}

function workerSpec(share: Share): WorkerSpec {
  // Beside this file, and like it: `.ts` in the sources, `.js` when built.
  const program = path.join(import.meta.dirname, `worker${path.extname(import.meta.filename)}`)
  return {
    name: `worker-${share.index + 1}`,
    command: [process.execPath, program, JSON.stringify(share)],
    instances: { kind: 'one' },
  }
}

/** Undefined where it is gone already. */
function killNow(pid: number, answered: number): Kill | undefined {
  const atMs = systemClock.now()
  try {
    process.kill(pid, 'SIGKILL')
    return { pid, atMs, answered }
  } catch {
    return undefined
  }
}

async function readLog(file: string): Promise<DeviceLogEntry[]> {
  const text = await readFile(file, 'utf8')
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as DeviceLogEntry)
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
