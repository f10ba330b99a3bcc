import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { type BrokerClient, connect } from '@nac-broker/client'
import { type DeviceLogEntry, startSimulator } from '@nac-broker/devices'
import type { VirtualClock } from '@nac-broker/supervisor'
import type { CallJournal } from './call-journal.fixture.ts'
import { draw, Happenings } from './chaos-seed.fixture.ts'

const FIXTURE = path.join(import.meta.dirname, 'frozen-orchestrator.fixture.ts')

/** Enough for a login and a command on a machine with no time to spare. */
const PATIENT_MS = 15_000

export interface Orchestrator extends AsyncDisposable {
  readonly pid: number
  readonly socketPath: string
}

/** Its process, with a broker in a thread of it, under `fallback`. */
export async function startOrchestrator(
  testbed: string,
  socketPath: string,
): Promise<Orchestrator> {
  const child = spawn(process.execPath, [FIXTURE, testbed, socketPath], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const failed = exited.then(() => {
    throw new Error('the orchestrator exited')
  })
  failed.catch(() => {})
  await Promise.race([once(createInterface({ input: child.stdout }), 'line'), failed])
  return {
    pid: child.pid ?? 0,
    socketPath,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/**
 * Clients whose orchestrator freezes while they change something, and which go on without it until it wakes up.
 * Resolves with what must not have been.
 */
export async function freezeMidCommand(
  journal: CallJournal,
  random: VirtualClock,
): Promise<string[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-frozen-'))
  const log: DeviceLogEntry[] = []
  const happenings = new Happenings()
  journal.onSettled(happenings.happened)
  const begun = Promise.withResolvers<void>()
  await using simulator = await startSimulator({
    devices: 2,
    latencyMs: 50,
    deviceLog: (entry) => {
      log.push(entry)
      if (entry.event === 'command' && entry.line.startsWith('write')) begun.resolve()
      happenings.happened()
    },
  })
  const testbed = path.join(directory, 'testbed.yaml')
  await simulator.writeTestbed(testbed)
  const clients: BrokerClient[] = []
  try {
    await using orchestrator = await startOrchestrator(testbed, path.join(directory, 'broker.sock'))
    const { socketPath } = orchestrator
    for (let n = 0; n < 4; n++) {
      const [heartbeatIntervalMs, heartbeatTimeoutMs] = [100, 500]
      clients.push(await connect({ socketPath, testbed, heartbeatIntervalMs, heartbeatTimeoutMs }))
    }
    const change = (client: BrokerClient, device: string): Promise<unknown> =>
      journal.call(client, { device, verb: 'write', timeoutMs: 2_500 })
    // One is sent when it freezes, some wait in it, some are in its socket, unread; those for sim-2,
    // to which it has no session, can be made without it.
    const early = clients.map((client) => change(client, 'sim-1'))
    await begun.promise
    await happenings.after(draw(random, 0, 5))
    process.kill(orchestrator.pid, 'SIGSTOP')
    const buffered = clients.flatMap((client) => ['sim-1', 'sim-2'].map((on) => change(client, on)))
    await Promise.all(clients.map((client) => untilDirect(client)))
    // It wakes up while they are at the devices themselves.
    const settled = Promise.all([...early, ...buffered])
    await Promise.race([happenings.after(draw(random, 0, 8)), settled])
    process.kill(orchestrator.pid, 'SIGCONT')
    await settled
    // Whatever became of those in their short time: with enough of it, a client that has fallen back gets on.
    const [first] = clients
    const patient = { device: 'sim-2', verb: 'write', timeoutMs: PATIENT_MS } as const
    const outcome = first && (await journal.call(first, patient))
    const isDirect = outcome?.kind === 'acknowledged' && outcome.result.via === 'direct'
    // What it does now with what it has read, it does before it answers this.
    await using late = await connect({ socketPath, crashPolicy: 'abort' })
    await late.execute('sim-2', 'show nonce late', { timeoutMs: 2_000 }).catch(() => {})
    const stuck = `a client that had fallen back did not get on: ${JSON.stringify(outcome)}`
    return [...journal.violations(log), ...(isDirect ? [] : [stuck])]
  } finally {
    await Promise.all(clients.map((client) => client.close()))
    await rm(directory, { recursive: true, force: true })
  }
}

async function untilDirect(client: BrokerClient): Promise<void> {
  for await (const { event } of client.events()) if (event === 'direct') return
}
