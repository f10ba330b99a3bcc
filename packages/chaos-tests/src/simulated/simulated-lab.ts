import path from 'node:path'
import type { BrokerClient } from '@nac-broker/client'
import type { SupervisedBroker } from '@nac-broker/broker'
import type { DeviceLogEntry, Testbed } from '@nac-broker/devices'
import { pino } from 'pino'
import { BrokerSupervisor } from '../../../broker/src/broker-supervisor.ts'
import { resolveSettings } from '../../../broker/src/options.ts'
import { connect } from '../../../client/src/connect.ts'
import { drawingShares, drawsFor } from '../chaos-seed.fixture.ts'
import { CONNECT_MS, LIMITS, ROOM } from '../real/run-schedule.ts'
import { canaryOf } from '../schedules/draw-schedule.ts'
import type { Evidence } from '../schedules/evidence.ts'
import type { Schedule } from '../schedules/schedule.ts'
import { type HostedProcess, simulatedHost } from './simulated-host.ts'
import { SimulatedMachine } from './simulated-machine.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import { SimulatedRouter } from './simulated-router.ts'
import { PASSWORD } from './simulated-testbed.ts'
import type { SimulatedTime } from './simulated-time.ts'

/** What a broker's cache may have: less than all outputs of most runs together. */
export const CACHE_BYTES = 16 * 1024

/** What is drawn for. */
const DRAWS = 7
const NETWORK = 1
const ROUTERS = 2

/** A run's orchestrator with its broker, and devices; none of it is outside of this process. */
export interface SimulatedLab {
  readonly time: SimulatedTime
  readonly machine: SimulatedMachine
  readonly network: SimulatedNetwork
  readonly routers: ReadonlyMap<string, SimulatedRouter>
  /** Where those are that no fault befalls: devices, and whoever watches. */
  readonly outside: SimulatedProcess
  readonly broker: SupervisedBroker
  readonly deviceLog: readonly DeviceLogEntry[]
  /** The most sessions that were held at a time. */
  readonly mostHeld: NonNullable<Evidence['mostHeld']>
  /** The broker of now, as it was told to start. */
  current(): HostedProcess
  /** The next broker to be started, and no other, dies at its n-th step. */
  armNext(step: number): void
  /** Brokers that still ran when another was told to start, or as `noteOverlap` was told. */
  readonly overlaps: readonly string[]
  noteOverlap(when: string): void
  /** A client, in a process that has none. */
  connect(process: SimulatedProcess, givenUp: AbortSignal): Promise<BrokerClient>
  /** Everything that the orchestrator and its brokers have logged. */
  logged(): string
}

export async function startSimulatedLab(
  schedule: Schedule,
  {
    time,
    directory,
    testbed,
    onDevice,
  }: { time: SimulatedTime; directory: string; testbed: Testbed; onDevice: () => void },
): Promise<SimulatedLab> {
  const { seed, policy, maxSessionsPerDevice, maxConnections } = schedule
  const draws = (purpose: number): ReturnType<typeof drawsFor> => drawsFor(seed, DRAWS, purpose)
  const deviceLog: DeviceLogEntry[] = []
  const routers = new Map<string, SimulatedRouter>()
  const machine = new SimulatedMachine({ time, draws, routers })
  const outside = machine.spawn()
  const byDevice = new Map<string, number>()
  const mostHeld = { all: 0, byDevice }
  const log = (entry: DeviceLogEntry): void => {
    deviceLog.push(entry)
    if (entry.event === 'login') {
      const held = [...routers.values()].map((router) => router.held)
      mostHeld.all = Math.max(
        mostHeld.all,
        held.reduce((sum, many) => sum + many, 0),
      )
      const here = routers.get(entry.device)?.held ?? 0
      byDevice.set(entry.device, Math.max(byDevice.get(entry.device) ?? 0, here))
    }
    onDevice()
  }
  for (let index = 1; index <= schedule.devices; index++) {
    const name = `sim-${index}`
    const maxSessions = maxSessionsPerDevice + ROOM
    const wires = { time, random: draws(ROUTERS + index) }
    const { latencyMs } = schedule
    const setup = { name, index, maxSessions, latencyMs, clock: outside, wires, log }
    routers.set(name, new SimulatedRouter(setup))
  }
  const network = new SimulatedNetwork({ time, random: draws(NETWORK) })
  const env = { [PASSWORD]: canaryOf(seed) }
  const { openTransport, openStore } = machine
  const place = {
    path: path.join(directory, 'broker.sock'),
    clear: async () => network.clear(),
    tidy: async () => {},
    release: async () => {},
  }

  const orchestrator = machine.spawn(drawingShares)
  let current: HostedProcess | undefined
  const started: SimulatedProcess[] = []
  const overlaps: string[] = []
  const noteOverlap = (when: string): void => {
    for (const { pid, isDead } of started)
      if (!isDead) overlaps.push(`the broker with pid ${pid} still ran when ${when}`)
  }
  let armed: number | undefined
  const host = simulatedHost({
    time,
    orchestrator,
    spawn: () => machine.spawn(),
    isRefused: () => machine.refusesProcesses,
    surroundings: (process) => ({
      placeOf: async () => place,
      listen: async (_path, _clock, accept) => network.listen(process, accept),
      openStore: openStore(process),
      openTransport: openTransport(process),
    }),
    testbed,
    env,
    onStarted(next) {
      noteOverlap('the next one was told to start')
      started.push(next.process)
      current = next
      if (armed !== undefined) next.process.atStep(armed, () => next.kill())
      armed = undefined
    },
  })
  let logged = ''
  const logger = pino({ level: 'debug' }, { write: (line: string) => (logged += line) })
  const cacheMaxBytes = CACHE_BYTES
  const limits = { ...LIMITS, cacheMaxBytes, maxSessionsPerDevice, maxConnections }
  const clock = orchestrator
  const options = { testbed, crashPolicy: policy, ...limits, clock, env, log: logger }
  const store = await openStore(orchestrator)(`${place.path}.store`, { clock })
  const settings = resolveSettings(options)
  const parts = { options, settings, place, store, log: logger, generation: 0 }
  const broker = await BrokerSupervisor.start(host, parts)

  let ids = 0
  return {
    time,
    machine,
    network,
    routers,
    outside,
    broker,
    deviceLog,
    mostHeld,
    current() {
      if (!current) throw new Error('no broker was started')
      return current
    },
    armNext: (step) => void (armed = step),
    overlaps,
    noteOverlap,
    connect(process, givenUp) {
      const client = { env: { ...broker.env(), ...env }, testbed, givenUp, clock: process }
      return connect(
        { ...client, connectTimeoutMs: CONNECT_MS },
        {
          pid: process.pid,
          newId: () => `${process.pid}-${++ids}`,
          openSocket: () => network.connect(process),
          openStore: openStore(process),
          openTransport: openTransport(process),
        },
      )
    },
    logged: () => logged,
  }
}
