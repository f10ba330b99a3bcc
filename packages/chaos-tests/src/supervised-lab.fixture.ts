import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  type Host,
  processHost,
  superviseBroker,
  type SupervisedBroker,
  type SupervisedBrokerEvent,
  type SuperviseBrokerOptions,
} from '@nac-broker/broker'
import {
  type DeviceLogEntry,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '@nac-broker/devices'
import { hostInThread } from '../../broker/src/hosts/thread.ts'
import type { ThreadFault } from './faulty-thread.fixture.ts'

export type HostKind = 'thread' | 'process'

export interface SupervisedLab extends AsyncDisposable {
  readonly directory: string
  readonly testbedPath: string
  readonly simulator: Simulator
  readonly broker: SupervisedBroker
  readonly log: readonly DeviceLogEntry[]
  readonly events: readonly SupervisedBrokerEvent[]
  /** Resolves with the next event of that kind, counted from the call. */
  next<Kind extends SupervisedBrokerEvent['event']>(
    kind: Kind,
  ): Promise<Extract<SupervisedBrokerEvent, { event: Kind }>>
  /** Resolves when a device has got this line, or one like it. */
  deviceGets(line: string | RegExp): Promise<void>
  /** Kills the broker of now: its thread terminated, its process SIGKILLed. */
  kill(): void
  /** Makes the thread of now die of something. */
  inflict(fault: ThreadFault): void
  /** The pid that owns the socket. */
  readonly pid: number
}

export interface SupervisedLabOptions extends Omit<SuperviseBrokerOptions, 'host'> {
  host: HostKind
  simulator?: SimulatorOptions
}

/** Simulated devices, and a supervised broker for them that can be made to die. */
export async function startSupervisedLab({
  host: kind,
  simulator: simulatorOptions = {},
  testbed,
  ...options
}: SupervisedLabOptions): Promise<SupervisedLab> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-chaos-'))
  const testbedPath = path.join(directory, 'testbed.yaml')
  const log: DeviceLogEntry[] = []
  const watching = new Set<(entry: DeviceLogEntry) => void>()
  const simulator = await startSimulator({
    devices: 1,
    latencyMs: 1,
    ...simulatorOptions,
    deviceLog: (entry) => {
      log.push(entry)
      for (const tell of watching) tell(entry)
    },
  })
  await simulator.writeTestbed(testbedPath)

  let kill = (): void => {}
  let inflict = (_fault: ThreadFault): void => {}
  const host: Host = (onMessage) => {
    if (kind === 'process') {
      const hosted = processHost(onMessage)
      kill = () => hosted.kill()
      return hosted
    }
    const hosted = hostInThread(new URL('./faulty-thread.fixture.ts', import.meta.url), onMessage)
    kill = () => hosted.kill()
    inflict = (fault) => hosted.worker.postMessage({ fault })
    return hosted
  }
  const broker = await superviseBroker({
    testbed: testbed ?? testbedPath,
    socketPath: path.join(directory, 'broker.sock'),
    host,
    ...options,
  })

  const events: SupervisedBrokerEvent[] = []
  const waiting = new Set<(event: SupervisedBrokerEvent) => void>()
  let { pid } = await broker.status()
  const reading = (async () => {
    for await (const event of broker.events()) {
      if (event.event === 'listening') pid = event.pid
      events.push(event)
      for (const tell of waiting) tell(event)
    }
  })()
  return {
    directory,
    testbedPath,
    simulator,
    broker,
    log,
    events,
    get pid() {
      return pid
    },
    deviceGets: (line) =>
      new Promise((resolve) => {
        const tell = (entry: DeviceLogEntry): void => {
          if (entry.event !== 'command') return
          if (typeof line === 'string' ? entry.line !== line : !line.test(entry.line)) return
          watching.delete(tell)
          resolve()
        }
        watching.add(tell)
      }),
    kill: () => kill(),
    inflict: (fault) => inflict(fault),
    next: (wanted) =>
      new Promise((resolve) => {
        const tell = (event: SupervisedBrokerEvent): void => {
          if (event.event !== wanted) return
          waiting.delete(tell)
          resolve(event as never)
        }
        waiting.add(tell)
      }),
    async [Symbol.asyncDispose]() {
      await broker.close()
      await reading
      await simulator.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
