import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { type BrokerClient, connect } from '@nac-broker/client'
import { type DeviceLogEntry, startSimulator } from '@nac-broker/devices'
import { systemClock } from '@nac-broker/supervisor'
import { CallJournal } from './call-journal.fixture.ts'

const FIXTURE = path.join(import.meta.dirname, 'frozen-orchestrator.fixture.ts')

/** How many are frozen, one after the other: NAC_BROKER_CHAOS_FREEZES, default 1. */
const FREEZES = Number(process.env['NAC_BROKER_CHAOS_FREEZES'] ?? 1)

interface Orchestrator extends AsyncDisposable {
  readonly pid: number
  readonly socketPath: string
}

async function startOrchestrator(testbed: string, socketPath: string): Promise<Orchestrator> {
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

/** Clients whose broker freezes while they change something, and which go on without it. */
async function freezeMidCommand(journal: CallJournal): Promise<string[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-frozen-'))
  const log: DeviceLogEntry[] = []
  const begun = Promise.withResolvers<void>()
  await using simulator = await startSimulator({
    devices: 2,
    latencyMs: 50,
    deviceLog: (entry) => {
      log.push(entry)
      if (entry.event === 'command' && entry.line.startsWith('write')) begun.resolve()
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
    await systemClock.sleep(systemClock.random() * 60)
    process.kill(orchestrator.pid, 'SIGSTOP')
    const buffered = clients.flatMap((client) => ['sim-1', 'sim-2'].map((on) => change(client, on)))
    await Promise.all(clients.map((client) => untilDirect(client)))
    // It wakes up while they are at the devices themselves.
    await systemClock.sleep(systemClock.random() * 100)
    process.kill(orchestrator.pid, 'SIGCONT')
    await Promise.all([...early, ...buffered])
    // What it does now with what it has read, it does before it answers this.
    await using late = await connect({ socketPath, crashPolicy: 'abort' })
    await late.execute('sim-2', 'show nonce late', { timeoutMs: 2_000 }).catch(() => {})
    return journal.violations(log)
  } finally {
    await Promise.all(clients.map((client) => client.close()))
    await rm(directory, { recursive: true, force: true })
  }
}

async function untilDirect(client: BrokerClient): Promise<void> {
  for await (const { event } of client.events()) if (event === 'direct') return
}

it(
  `an orchestrator that was frozen in mid-command sends nothing again when it wakes up: ${FREEZES} times`,
  { timeout: 10_000 + FREEZES * 10_000 },
  async () => {
    let acknowledged = 0
    for (let turn = 1; turn <= FREEZES; turn++) {
      const journal = new CallJournal(`freeze-${turn}`)
      expect(await freezeMidCommand(journal), `turn ${turn}`).toEqual([])
      acknowledged += journal.acknowledged
    }
    // On a slow machine a turn may be over before the first direct login is done; not each of them.
    expect(acknowledged).toBeGreaterThanOrEqual(FREEZES < 5 ? 0 : 1)
  },
)
