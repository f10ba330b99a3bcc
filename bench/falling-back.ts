import type { DeviceLogEntry } from '@nac-broker/devices'
import { startSupervisedLab } from '../packages/chaos-tests/src/supervised-lab.fixture.ts'
import { startProgram } from './program.ts'

export interface Crowd {
  /** Each in a process of its own. */
  clients: number
  /** What the device allows, and what the run allows itself. */
  sessions: number
  /** Of each client. */
  commands: number
}

export interface FallenBack {
  log: readonly DeviceLogEntry[]
  /** For each client the moments at which it had its answers, on the clock. */
  answeredAtMs: readonly (readonly number[])[]
}

/**
 * Kills the broker of many clients of one device, which go there directly from then on.
 * @throws when one does not finish
 */
export async function fallBack({ clients, sessions, commands }: Crowd): Promise<FallenBack> {
  await using lab = await startSupervisedLab({
    host: 'thread',
    crashPolicy: 'fallback',
    maxSessionsPerDevice: sessions,
    simulator: { maxSessions: sessions },
  })
  await using stack = new AsyncDisposableStack()
  const programs = await Promise.all(
    Array.from({ length: clients }, async (_, i) => {
      const args = [lab.broker.socketPath, lab.testbedPath, String(commands), `client-${i}`]
      return stack.use(await startProgram<number[]>('falling-back-client.ts', ...args))
    }),
  )
  lab.kill()
  const answeredAtMs = await Promise.all(programs.map((program) => program.ask('go')))
  return { log: lab.log, answeredAtMs }
}
