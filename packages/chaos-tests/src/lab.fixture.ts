import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, type BrokerOptions, startBroker } from '@nac-broker/broker'
import { type BrokerClient, connect, type ConnectOptions } from '@nac-broker/client'
import {
  type DeviceLogEntry,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '@nac-broker/devices'

export interface Lab extends AsyncDisposable {
  readonly directory: string
  readonly testbedPath: string
  readonly simulator: Simulator
  readonly broker: Broker
  /** The devices' own account, in the order in which things happened. */
  readonly log: readonly DeviceLogEntry[]
  /** A client of its own connection; closed with the lab. */
  client(options?: ConnectOptions): Promise<BrokerClient>
  /** Resolves when a device has next refused a login. */
  refused(): Promise<void>
  /** Resolves when the devices have got this many commands, or commands like this, in all. */
  commands(count: number, like?: RegExp): Promise<void>
}

/** Simulated devices behind real SSH, and a broker for them. */
export async function startLab(
  options: SimulatorOptions = {},
  brokerOptions: BrokerOptions = {},
): Promise<Lab> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-lab-'))
  const testbedPath = path.join(directory, 'testbed.yaml')
  const log: DeviceLogEntry[] = []
  const watching = new Set<() => void>()
  const deviceLog = (entry: DeviceLogEntry): void => {
    log.push(entry)
    for (const look of watching) look()
  }
  const until = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return
        watching.delete(look)
        resolve()
      }
      watching.add(look)
      look()
    })
  const simulator = await startSimulator({ ...options, deviceLog })
  await simulator.writeTestbed(testbedPath)
  const socketPath = path.join(directory, 'broker.sock')
  const broker = await startBroker({ testbed: testbedPath, socketPath, ...brokerOptions })
  const clients: BrokerClient[] = []
  return {
    directory,
    testbedPath,
    simulator,
    broker,
    log,
    async client(connectOptions) {
      const client = await connect({ socketPath: broker.socketPath, ...connectOptions })
      clients.push(client)
      return client
    },
    refused: () => {
      const before = log.length
      return until(() => log.slice(before).some(({ event }) => event === 'refused'))
    },
    commands: (count, like = /^/) =>
      until(() => log.filter((e) => e.event === 'command' && like.test(e.line)).length >= count),
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.close()))
      await broker.close()
      await simulator.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** How often a line reached the devices. */
export function executions(log: readonly DeviceLogEntry[], line: string): number {
  return log.filter((entry) => entry.event === 'command' && entry.line === line).length
}

/** The most sessions that were open at the same time, over all devices. */
export function mostSessionsOpen(log: readonly DeviceLogEntry[]): number {
  let open = 0
  let most = 0
  for (const { event } of log) {
    if (event === 'login') most = Math.max(most, ++open)
    if (event === 'logout') open--
  }
  return most
}

/** The most commands that one session had begun and not yet answered. */
export function mostCommandsAtOnce(log: readonly DeviceLogEntry[]): number {
  const running = new Map<string, number>()
  let most = 0
  for (const { event, device, session } of log) {
    const key = `${device}/${session}`
    if (event === 'command') running.set(key, (running.get(key) ?? 0) + 1)
    if (event === 'output') running.set(key, (running.get(key) ?? 0) - 1)
    most = Math.max(most, running.get(key) ?? 0)
  }
  return most
}
