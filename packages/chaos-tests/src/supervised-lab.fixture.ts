import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  type Host,
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
import { type Clock, systemClock } from '@nac-broker/supervisor'
import { hostInProcess } from '../../broker/src/hosts/process.ts'
import { hostInThread } from '../../broker/src/hosts/thread.ts'
import type { BrokerFault, FaultMessage } from './broker-fault.fixture.ts'

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
  /** Resolves when the next broker has been launched; it does not listen yet. */
  launched(): Promise<void>
  /** Aborted when there is no broker any more, and will be none. */
  readonly givenUp: AbortSignal
  /** Called with each event of the supervised broker from now on. */
  onEvent(tell: (event: SupervisedBrokerEvent) => void): void
  /** Called with each entry of the devices' log from now on, before the device goes on. */
  onDevice(tell: (entry: DeviceLogEntry) => void): void
  /** Resolves when a device has got this line, or one like it. */
  deviceGets(line: string | RegExp): Promise<void>
  /** Commands like this that the devices get before `answerAgain` are never answered. */
  hold(line: RegExp): void
  answerAgain(): void
  /** Kills the broker of now: its thread terminated, its process SIGKILLed. */
  kill(): void
  /** How each broker ended that nobody had asked to, in the system's words. */
  readonly deaths: readonly string[]
  /** Brokers that still ran when the next one was told to start, or none was to follow, in words. */
  readonly overlaps: readonly string[]
  /** Makes the broker of now suffer it, when it has read what it was sent before. */
  inflict(fault: BrokerFault): void
  /** The next broker that is started comes by these failpoints; NAC_BROKER_FAILPOINTS has to be set. */
  armNext(failpoints: string): void
  /** As `armNext`, the broker of now; resolves when it is armed. */
  armNow(failpoints: string): Promise<void>
  /** By how much the calendar of its brokers is wrong from now on, in all, in milliseconds. */
  shiftCalendar(byMs: number): void
  /** The pid that owns the socket. */
  readonly pid: number
}

export interface SupervisedLabOptions extends Omit<SuperviseBrokerOptions, 'host'> {
  host: HostKind
  simulator?: SimulatorOptions
  /** As `armNext`, for the first broker. */
  failpoints?: string
  /** What stands in the testbed instead of what the simulator wrote. */
  rewriteTestbed?: (text: string, devices: Simulator['devices']) => string
}

/** For those who wait with jitter: every pause is a tenth of what it may be. */
export const SHORT_PAUSES: Clock = { ...systemClock, random: () => 0.1 }

/** Longer than any test: the answer never comes. */
const HELD_MS = 600_000

/** Simulated devices, and a supervised broker for them that can be made to die. */
export async function startSupervisedLab({
  host: kind,
  simulator: simulatorOptions = {},
  failpoints,
  rewriteTestbed,
  testbed,
  ...options
}: SupervisedLabOptions): Promise<SupervisedLab> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-chaos-'))
  const testbedPath = path.join(directory, 'testbed.yaml')
  const log: DeviceLogEntry[] = []
  const watching = new Set<(entry: DeviceLogEntry) => void>()
  const { latencyMs = 1 } = simulatorOptions
  let held: RegExp | undefined
  const simulator = await startSimulator({
    devices: 1,
    latencyMs,
    ...simulatorOptions,
    deviceLog: (entry) => {
      log.push(entry)
      if (entry.event === 'command' && held)
        answerAfter(held.test(entry.line) ? HELD_MS : latencyMs)
      for (const tell of watching) tell(entry)
    },
  })
  const answerAfter = (ms: number): void => {
    for (const device of simulator.devices) device.latencyMs = ms
  }
  await simulator.writeTestbed(testbedPath)
  if (rewriteTestbed) {
    await writeFile(
      testbedPath,
      rewriteTestbed(await readFile(testbedPath, 'utf8'), simulator.devices),
    )
  }

  let launch = Promise.withResolvers<void>()
  const givenUp = new AbortController()
  let kill = (): void => {}
  let arm = failpoints
  let wallShiftMs: number | undefined
  let inflict = (_message: FaultMessage): void => {}
  const launched: { name: string; isRunning: () => boolean }[] = []
  const deaths: string[] = []
  const overlaps: string[] = []
  const noteOverlap = (when: string): void => {
    for (const { name, isRunning } of launched)
      if (isRunning()) overlaps.push(`the broker in ${name} still ran when ${when}`)
  }
  const host: Host = (onMessage) => {
    const { hosted, tell, name, isRunning } = hostedBy(kind, onMessage)
    // The one that is started is the one of now; another may be loaded already.
    const started = (): void => {
      noteOverlap('the next one was told to start')
      launched.push({ name, isRunning })
      void hosted.exited.then((exit) => exit.clean || deaths.push(exit.why))
      if (arm !== undefined) tell({ failpoints: arm })
      if (wallShiftMs !== undefined) tell({ wallShiftMs })
      arm = undefined
      kill = () => hosted.kill()
      inflict = tell
      // Whoever waits may kill it right away.
      queueMicrotask(launch.resolve)
      launch = Promise.withResolvers()
    }
    return {
      ...hosted,
      post(message) {
        if (message.type === 'start') started()
        hosted.post(message)
      },
    }
  }
  const broker = await superviseBroker({
    testbed: testbed ?? testbedPath,
    socketPath: path.join(directory, 'broker.sock'),
    host,
    ...options,
  }).catch(async (error: unknown) => {
    await simulator.close()
    await rm(directory, { recursive: true, force: true })
    throw error
  })

  const events: SupervisedBrokerEvent[] = []
  const waiting = new Set<(event: SupervisedBrokerEvent) => void>()
  let { pid } = await broker.status()
  const reading = (async () => {
    for await (const event of broker.events()) {
      if (event.event === 'listening') pid = event.pid
      if (event.event === 'fallback' || event.event === 'aborted') {
        noteOverlap('none was to follow')
        givenUp.abort()
      }
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
    launched: () => launch.promise,
    givenUp: givenUp.signal,
    hold: (line) => void (held = line),
    answerAgain() {
      held = undefined
      answerAfter(latencyMs)
    },
    onEvent: (tell) => void waiting.add(tell),
    onDevice: (tell) => void watching.add(tell),
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
    deaths,
    overlaps,
    inflict: (fault) => inflict({ fault }),
    armNext: (next) => void (arm = next),
    async armNow(some) {
      inflict({ failpoints: some })
      // Told after that, and answered.
      await broker.status()
    },
    shiftCalendar(byMs) {
      wallShiftMs = byMs
      inflict({ wallShiftMs })
    },
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

function firstFile(name: string): URL {
  return new URL(`./${name}.fixture.ts`, import.meta.url)
}

/** One of our own, which can be told to suffer; whether it runs only the system says. */
interface Launched {
  readonly hosted: ReturnType<Host>
  readonly tell: (message: FaultMessage) => void
  readonly name: string
  readonly isRunning: () => boolean
}

function hostedBy(kind: HostKind, onMessage: Parameters<Host>[0]): Launched {
  if (kind === 'process') {
    const hosted = hostInProcess(firstFile('faulty-process'), onMessage)
    const { child } = hosted
    // One that has just ended suffers nothing more.
    const tell = (message: FaultMessage): void => {
      if (child.connected) child.send(message, () => {})
    }
    return { hosted, tell, name: `process ${child.pid}`, isRunning: () => runs(child.pid) }
  }
  const hosted = hostInThread(firstFile('faulty-thread'), onMessage)
  const { worker } = hosted
  return {
    hosted,
    tell: (message) => worker?.postMessage(message),
    name: `thread ${worker?.threadId}`,
    // A thread that has ended has no number any more.
    isRunning: () => worker !== undefined && worker.threadId !== -1,
  }
}

function runs(pid: number | undefined): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
