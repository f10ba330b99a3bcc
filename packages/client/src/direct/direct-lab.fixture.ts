import path from 'node:path'
import {
  type DeviceLogEntry,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '@nac-broker/devices'
import type { Welcome } from '@nac-broker/protocol'
import { openRunStore, ownerOf, type RunStore } from '@nac-broker/run-store'
import { onTestFinished } from 'vitest'
import type { BrokerClient } from '../client.ts'
import { connect } from '../connect.ts'
import type { ConnectOptions } from '../options.ts'
import { type Script, ScriptedBroker, temporaryDirectory } from '../scripted-broker.fixture.ts'

export interface DirectLab {
  readonly testbed: string
  readonly socketPath: string
  readonly simulator: Simulator
  /** The devices' own account. */
  readonly log: readonly DeviceLogEntry[]
  /** As the run's brokers and clients see it; generation 1 is live in it. */
  readonly store: RunStore
  readonly broker: ScriptedBroker
  /** How often a line reached the devices. */
  executions(line: string): number
  /** Resolves when a device has got this line. */
  deviceGets(line: string): Promise<void>
  /** Resolves when a session has ended, by a device's account. */
  deviceFreesLine(): Promise<void>
  /** A client of the broker, with `fallback`. */
  client(options?: ConnectOptions): Promise<BrokerClient>
  /** The same, its broker lost already. */
  directClient(options?: ConnectOptions): Promise<BrokerClient>
  /** The broker dies, and is fenced as a supervisor does it. */
  loseBroker(): Promise<void>
}

/** Simulated devices, a run's store, and a broker that dies. All gone after the test. */
export async function startDirectLab(
  options: SimulatorOptions = {},
  limits: Partial<Welcome['limits']> = {},
  script?: Script,
): Promise<DirectLab> {
  const directory = await temporaryDirectory()
  const testbed = path.join(directory, 'testbed.yaml')
  const socketPath = path.join(directory, 'broker.sock')
  const log: DeviceLogEntry[] = []
  const watching = new Set<(entry: DeviceLogEntry) => void>()
  const simulator = await startSimulator({
    devices: 1,
    latencyMs: 0,
    ...options,
    deviceLog(entry) {
      log.push(entry)
      for (const tell of watching) tell(entry)
    },
  })
  onTestFinished(() => simulator.close())
  await simulator.writeTestbed(testbed)
  const store = await openRunStore(`${socketPath}.store`)
  onTestFinished(() => store.close())
  await store.generations.begin(1, ownerOf(1))
  const broker = await ScriptedBroker.start(socketPath, script, {
    store: store.path,
    crashPolicy: ['fallback'],
    limits: {
      maxFrameBytes: 10_485_760,
      chunkBytes: 1_048_576,
      maxRequestsInFlight: 1_024,
      ...limits,
    },
  })
  const logged = (isIt: (entry: DeviceLogEntry) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const tell = (entry: DeviceLogEntry): void => {
        if (!isIt(entry)) return
        watching.delete(tell)
        resolve()
      }
      watching.add(tell)
    })
  const client = async (connectOptions: ConnectOptions = {}): Promise<BrokerClient> => {
    const connected = await connect({ socketPath, testbed, env: {}, ...connectOptions })
    onTestFinished(() => connected.close())
    return connected
  }
  return {
    testbed,
    socketPath,
    simulator,
    log,
    store,
    broker,
    executions: (line) =>
      log.filter((entry) => entry.event === 'command' && entry.line === line).length,
    deviceGets: (line) => logged((entry) => entry.event === 'command' && entry.line === line),
    deviceFreesLine: () => logged(({ event }) => event === 'logout'),
    client,
    directClient: (connectOptions) =>
      client({
        crashPolicy: 'fallback',
        socketPath: `${socketPath}.gone`,
        storePath: store.path,
        ...connectOptions,
      }),
    async loseBroker() {
      await broker.kill()
      await store.generations.end(1)
    },
  }
}
