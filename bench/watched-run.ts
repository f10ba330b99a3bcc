import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Simulator, startSimulator } from '@nac-broker/devices'
import type { RunConfig } from '@nac-broker/orchestrator'
import { startProgram } from './program.ts'
import type { Where } from './programs/watched-run.ts'

export interface WatchedRun extends AsyncDisposable, Where {
  readonly pid: number | undefined
  readonly simulator: Simulator
  /** Kills the broker of now: its thread terminated, its process SIGKILLed. */
  killBroker(): Promise<unknown>
  /** What it holds beside its broker in a thread when the garbage is gone, in bytes. */
  heldBytes(): Promise<number>
}

export interface WatchedRunOptions extends Omit<RunConfig, 'testbed' | 'reportDir' | 'status'> {
  host: 'thread' | 'process'
  devices: number
  latencyMs: number
  /** Makes the testbed lead elsewhere, from what the simulator has written. */
  rewriteTestbed?: (text: string, devices: Simulator['devices']) => string
}

/** Devices in this process, and in one of its own a run with a status server. */
export async function startWatchedRun({
  host,
  devices,
  latencyMs,
  rewriteTestbed = (text) => text,
  ...config
}: WatchedRunOptions): Promise<WatchedRun> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-bench-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const simulator = await startSimulator({ devices, latencyMs })
  stack.defer(() => simulator.close())
  const testbed = path.join(folder, 'testbed.yaml')
  await simulator.writeTestbed(testbed)
  await writeFile(testbed, rewriteTestbed(await readFile(testbed, 'utf8'), simulator.devices))
  const asked: RunConfig = { ...config, testbed, reportDir: path.join(folder, 'report') }
  const program = stack.use(
    await startProgram<unknown, 'where' | 'kill' | 'memory'>(
      'watched-run.ts',
      JSON.stringify(asked),
      host,
    ),
  )
  const where = (await program.ask('where')) as Where
  const owned = stack.move()
  return {
    ...where,
    pid: program.pid,
    simulator,
    killBroker: () => program.ask('kill'),
    heldBytes: async () => (await program.ask('memory')) as number,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
