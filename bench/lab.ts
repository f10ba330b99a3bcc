import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { BrokerOptions, HostName } from '@nac-broker/broker'
import { type BrokerClient, connect } from '@nac-broker/client'
import type { DeviceLogEntry, SimulatorOptions } from '@nac-broker/devices'
import { pinTo, unpin } from './cores.ts'
import { type Program, startProgram } from './program.ts'

/** What can be written down for a process of its own. */
export interface Devices extends Omit<SimulatorOptions, 'deviceLog' | 'clock'> {
  deviceLog?: string
  /** Devices that are slower than the others, by name. */
  slow?: Record<string, { latencyMs?: number; loginLatencyMs?: number }>
}

export interface Brokers extends Omit<BrokerOptions, 'testbed' | 'clock' | 'log'> {
  testbed: string
  socketPath: string
  /** Absent: the bare broker, on the loop of its process. */
  host?: HostName
}

/** Asked anything, it says how many bytes it holds when the garbage is gone. */
type BrokerProgram = Program<'memory', number>

/** Devices and what answers for them, each in a process of its own, on another core than whoever asks. */
export interface Lab extends AsyncDisposable {
  /** Whether processes could be kept on their cores. */
  readonly pinned: boolean
  readonly testbed: string
  at(name: string): string
  /** What the devices say that they have got and sent; empty where `logged` was not asked for. */
  log(): Promise<DeviceLogEntry[]>
  /** @param name of its socket */
  broker(name: string, options?: Partial<Brokers>): Promise<BrokerProgram>
  /** A client of the broker whose socket has this name. */
  client(name: string): Promise<BrokerClient>
  /** A file of `programs/`, on the core of what answers. */
  server<Answer = never, Message = 'go'>(
    file: string,
    ...args: string[]
  ): Promise<Program<Message, Answer>>
  /** A file of `programs/`, on the core of whoever asks. */
  caller<Answer, Message = 'go'>(file: string, ...args: string[]): Promise<Program<Message, Answer>>
}

/** Devices without latency, where `devices` does not say. What was started ends with the lab. */
export async function startLab({
  logged = false,
  ...devices
}: Omit<Devices, 'deviceLog'> & { logged?: boolean } = {}): Promise<Lab> {
  const stack = new AsyncDisposableStack()
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-bench-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const pinned = pinTo(0, process.pid)
  stack.defer(() => unpin(process.pid))
  const at = (name: string): string => path.join(directory, name)
  const testbed = at('testbed.yaml')
  const deviceLog = at('devices.jsonl')
  await appendFile(deviceLog, '')
  const lab: Lab = {
    pinned,
    testbed,
    at,
    async log() {
      const lines = (await readFile(deviceLog, 'utf8')).split('\n')
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as DeviceLogEntry)
    },
    broker: (name, options) =>
      lab.server('broker.ts', JSON.stringify({ testbed, socketPath: at(name), ...options })),
    client: async (name) => stack.use(await connect({ socketPath: at(name) })),
    async server(file, ...args) {
      const program = stack.use(await startProgram(file, ...args))
      if (pinned) pinTo(1, program.pid)
      return program as never
    },
    caller: async (file, ...args) => stack.use(await startProgram(file, ...args)) as never,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
  try {
    const options = { devices: 1, latencyMs: 0, ...devices, ...(logged && { deviceLog }) }
    await lab.server('device.ts', testbed, JSON.stringify(options))
    return lab
  } catch (error) {
    await lab[Symbol.asyncDispose]()
    throw error
  }
}
