import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startSimulator } from '@nac-broker/devices'

export interface OneDevice extends AsyncDisposable {
  /** A folder that is gone with it. */
  readonly folder: string
  readonly testbed: string
}

/** A simulated device, `sim-1`, for a run. */
export async function startOneDevice(): Promise<OneDevice> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-bench-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const simulator = await startSimulator({ devices: 1, latencyMs: 1 })
  stack.defer(() => simulator.close())
  const testbed = path.join(folder, 'testbed.yaml')
  await simulator.writeTestbed(testbed)
  const held = stack.move()
  return { folder, testbed, [Symbol.asyncDispose]: () => held.disposeAsync() }
}
