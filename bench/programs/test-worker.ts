/**
 * A test that reads some things from one device. Asked, it does so through the broker, or on a session of its own,
 * and says when it began and ended.
 */
import { connect } from '@nac-broker/client'
import { loadTestbed, openSession } from '@nac-broker/devices'
import { systemClock } from '@nac-broker/supervisor'
import type { Span } from './calling-client.ts'
import { readyToBeAsked } from './lifetime.ts'

export interface Test {
  by: 'broker' | 'itself'
  device: string
  commands: readonly string[]
}

/** What came, one output for each command. */
export interface Tested extends Span {
  outputs: string[]
}

const [socketPath, testbedPath = ''] = process.argv.slice(2)
const testbed = await loadTestbed(testbedPath)

await readyToBeAsked(async (message): Promise<Tested> => {
  const { by, device, commands } = message as Test
  const beganAtMs = systemClock.now()
  const outputs = await (by === 'broker' ? throughBroker : alone)(device, commands)
  return { beganAtMs, endedAtMs: systemClock.now(), outputs }
})

async function throughBroker(device: string, commands: readonly string[]): Promise<string[]> {
  await using client = await connect({ socketPath, connectTimeoutMs: 60_000 })
  const outputs = []
  for (const command of commands) outputs.push((await client.execute(device, command)).output)
  return outputs
}

async function alone(device: string, commands: readonly string[]): Promise<string[]> {
  const session = await openSession(testbed.device(device))
  const outputs = []
  for (const command of commands)
    outputs.push(String(await session.execute(command, { timeoutMs: 60_000 })))
  await session.close()
  return outputs
}
