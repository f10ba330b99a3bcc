import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type DeviceLogEntry, startSimulator } from '@nac-broker/devices'
import type { Logger } from 'pino'
import type { RunReport } from '../report.ts'
import { run } from '../run.ts'
import type { WorkerSpec } from '../worker-plan.ts'
import { type Promised, verdict, type Witnessed, witnessed } from './verdict.ts'
import type { Answered, Share } from './workload.ts'

export interface DemoOptions {
  devices: number
  workers: number
  commands: number
  signal?: AbortSignal
  hurry?: AbortSignal
  log?: Logger
  /** Called as answers come in, with how many there are. */
  onProgress?: (done: number) => void
}

export interface DemoResult {
  report: RunReport
  /** Where report, logs, testbed and the devices' log are. It is left for the user to look at. */
  directory: string
  answered: readonly Answered[]
  /** Logins there would have been had each worker made its own. */
  loginsAsked: number
  witnessed: Witnessed
  promises: readonly Promised[]
}

const LIMITS = { maxConnections: 50, maxSessionsPerDevice: 1 }

/** A run on simulated devices, and what must be true of it according to the devices themselves. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { devices, workers, commands, signal, hurry, log, onProgress } = options
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-demo-'))
  const testbed = path.join(directory, 'testbed.yaml')
  const deviceLog = path.join(directory, 'devices.jsonl')
  const simulator = await startSimulator({ devices, deviceLog })
  const answered: (Answered & { worker: string })[] = []
  let report: RunReport
  try {
    await simulator.writeTestbed(testbed)
    const names = simulator.devices.map(({ name }) => name)
    const shares = Array.from({ length: workers }, (_, index) => ({ index, workers, commands }))
    report = await run(
      {
        testbed,
        workers: shares.map((share) => workerSpec({ ...share, devices: names })),
        broker: LIMITS,
        reportDir: path.join(directory, 'report'),
      },
      {
        signal,
        hurry,
        log,
        onLine(worker, line) {
          const one = readAnswer(line)
          if (!one) return
          answered.push({ ...one, worker })
          onProgress?.(answered.length)
        },
      },
    )
  } finally {
    await simulator.close()
  }
  const seen = witnessed(await readLog(deviceLog))
  return {
    report,
    directory,
    answered,
    loginsAsked: new Set(answered.map(({ worker, device }) => `${worker} ${device}`)).size,
    witnessed: seen,
    promises: verdict(answered, seen, { commands, ...LIMITS }),
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

/** Anything else that a worker prints, such as a stack trace, is in its log. */
function readAnswer(line: string): Answered | undefined {
  try {
    return JSON.parse(line) as Answered
  } catch {
    return undefined
  }
}

async function readLog(file: string): Promise<DeviceLogEntry[]> {
  const text = await readFile(file, 'utf8')
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as DeviceLogEntry)
}
