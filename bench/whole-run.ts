import path from 'node:path'
import type { RunConfig, RunReport } from '@nac-broker/orchestrator'
import { startOneDevice } from './one-device.ts'
import { startProgram } from './program.ts'
import type { Orchestrated } from './programs/orchestrator.ts'

export interface WholeRun {
  /** Words of a worker's command. */
  command: readonly string[]
  workers: number
  failurePolicy: NonNullable<RunConfig['failurePolicy']>
  /** What must become of it. */
  status: RunReport['status']
  /** Whether somebody is given each line that the workers print. */
  listening?: boolean
}

/** A worker that reads so many things from its device. */
export function reader(commands: number): string[] {
  return ['node', path.join(import.meta.dirname, 'programs/worker.ts'), 'sim-1', String(commands)]
}

/**
 * Does a run of one device in an orchestrator of its own.
 * @throws when something else became of it
 */
export async function wholeRun({
  command,
  workers,
  failurePolicy,
  status,
  listening = false,
}: WholeRun): Promise<Orchestrated> {
  await using device = await startOneDevice()
  const { folder, testbed } = device
  const config: RunConfig = {
    testbed,
    workers: [{ name: 'w', command, instances: { kind: 'count', count: workers } }],
    failurePolicy,
    reportDir: path.join(folder, 'report'),
  }
  const args = [JSON.stringify(config), listening ? 'listening' : 'deaf']
  await using program = await startProgram<Orchestrated>('orchestrator.ts', ...args)
  const answer = await program.ask('go')
  const { report } = answer
  if (report.status !== status) {
    const reasons = report.workers.flatMap(({ name, reason }) =>
      reason ? [`${name}: ${reason}`] : [],
    )
    throw new Error(`a run ended as ${report.status}: ${report.reason}; ${reasons.join('; ')}`)
  }
  return answer
}
