import { mkdtempDisposableSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect, type ConnectOptions } from '@nac-broker/client'
import { type Clock, systemClock, whenAborted } from '@nac-broker/supervisor'
import { pino } from 'pino'
import { clockFor, drawingShares, Happenings } from '../chaos-seed.fixture.ts'
import type { Fault } from '../faults/fault.ts'
import { type FaultProxy, startFaultProxy } from '../proxy/fault-proxy.ts'
import { canaryOf } from '../schedules/draw-schedule.ts'
import type { BrokerTurn, Evidence, InjectedFault, Unconnected } from '../schedules/evidence.ts'
import type { Schedule } from '../schedules/schedule.ts'
import { isSocketThere } from '../schedules/socket-there.ts'
import { startSupervisedLab, type SupervisedLab } from '../supervised-lab.fixture.ts'
import { type CallRecorder, recordCalls } from './call-recorder.ts'
import { startDeviceWires, throughWires } from './device-wires.ts'
import { waitedForProcessorMs } from '../processor-wait.fixture.ts'
import { inThisProcess, type ScheduleClient } from './schedule-client.ts'
import { scheduleClients } from './schedule-clients.ts'
import { CommandLines } from './command-lines.ts'
import { KeptWatch } from './kept.ts'
import { forgetPeak, peakBytesOf } from './peak-memory.ts'
import { limitDescriptors } from './descriptor-limit.ts'
import { limitProcesses } from './process-limit.ts'
import { mountSmallDisk } from './small-disk.ts'
import { leaveDeadSocket, socketFileAt } from './socket-file.ts'
import { takeStock } from './stock.ts'
import { textsOf } from './texts.ts'
import { wiresOf, type World } from './world.ts'

/** Short, so that a run in which everything hangs is over soon. */
export const LIMITS = { loginTimeoutMs: 3_000, commandTimeoutMs: 3_000, drainTimeoutMs: 500 }
/** What a broker's cache may have: less than all outputs of most runs together. */
const CACHE_BYTES = 6 * 1024 ** 2
export const CONNECT_MS = 10_000
export const CLOSE_MS = 3_000
/** Longer than a login that hangs and the one after it. */
const LAST_MS = 12_000
/** A simulated device has room for more, so that one session too many is seen. */
export const ROOM = 3

/** One run with real processes, sockets and SSH. What it leaves behind is part of the evidence. */
export async function runSchedule(
  schedule: Schedule,
  faults: ReadonlyMap<string, Fault>,
): Promise<Evidence> {
  const before = await takeStock()
  forgetPeak()
  const run = await perform(schedule, faults)
  const after = await takeStock(before)
  const left = [...run.left, ...after.leftSince]
  const { grownBytes } = after
  const own = schedule.host === 'thread' ? peakBytesOf(process.pid) - before.rssBytes : 0
  const peakBytes = Math.max(own, run.peakBytes)
  return { schedule, level: 'real', ...run, left, grownBytes, peakBytes }
}

type Performed = Omit<Evidence, 'schedule' | 'level' | 'grownBytes'>

async function perform(schedule: Schedule, faults: ReadonlyMap<string, Fault>): Promise<Performed> {
  const { seed, host, policy, devices: count, latencyMs } = schedule
  const { maxSessionsPerDevice, maxConnections } = schedule
  // Hosts inherit it: with it failpoints can be armed later.
  process.env['NAC_BROKER_FAILPOINTS'] = ''
  let shiftMs = 0
  const clock: Clock = {
    ...clockFor(seed),
    wallTime: () => new Date(systemClock.wallTime().getTime() + shiftMs),
  }
  let logged = ''
  await using stack = new AsyncDisposableStack()
  const hit = (prefix: string): boolean =>
    schedule.faults.some(({ name }) => name.startsWith(prefix))
  let devices: SupervisedLab['simulator']['devices'] = []
  const disk = hit('disk') ? mountSmallDisk() : undefined
  if (disk) stack.use(disk)
  const processLimit = hit('processes') ? limitProcesses() : undefined
  if (processLimit) stack.use(processLimit)
  const deviceWires = hit('device-wire')
    ? await startDeviceWires(() => devices, count, systemClock)
    : []
  for (const wire of deviceWires) stack.use(wire)
  // Nothing else is in it, so that it can be removed.
  const socketDirectory = stack.use(
    mkdtempDisposableSync(path.join(tmpdir(), 'nac-broker-socket-')),
  )
  const socket = path.join(socketDirectory.path, 'broker.sock')
  if (hit('socket-stale')) await leaveDeadSocket(socket)
  const lab = stack.use(
    await startSupervisedLab({
      socketPath: socket,
      host,
      crashPolicy: policy,
      maxSessionsPerDevice,
      maxConnections,
      cacheMaxBytes: CACHE_BYTES,
      ...LIMITS,
      ...(disk && { storePath: path.join(disk.directory, 'run.store') }),
      clock: { ...clock, random: drawingShares(() => clock.random()) },
      log: pino({ level: 'debug' }, { write: (line: string) => (logged += line) }),
      simulator: {
        devices: count,
        latencyMs,
        maxSessions: maxSessionsPerDevice + ROOM,
        password: canaryOf(seed),
      },
      rewriteTestbed: (text, simulated) => {
        devices = simulated
        return throughWires(text, simulated, deviceWires)
      },
    }),
  )
  const began = { atMs: systemClock.now(), at: systemClock.wallTime() }
  const clientWire = hit('client-wire')
    ? stack.use(await wireTo(lab.broker.socketPath, lab.directory))
    : undefined

  const turns = recordTurns(lab)
  const happenings = new Happenings()
  lab.onDevice(happenings.happened)
  const keeping = new KeptWatch(lab.broker, schedule, CACHE_BYTES)
  const commandLines = new CommandLines()
  let peakBytes = 0
  const recorder = recordCalls(
    clock,
    () => lab.log.length,
    () => {
      happenings.happened()
      keeping.settled()
      commandLines.settled()
      if (host === 'process') peakBytes = Math.max(peakBytes, peakBytesOf(lab.pid))
    },
  )
  const told: string[] = []
  const socketPath = clientWire ? path.join(lab.directory, 'wire.sock') : lab.broker.socketPath
  const env = { ...lab.broker.env(), NAC_TEST_BROKER_SOCKET: socketPath }
  const setup = {
    env,
    testbed: lab.testbedPath,
    givenUp: lab.givenUp,
    connectTimeoutMs: CONNECT_MS,
  }
  // Those in this process may pass by a socket's permissions.
  const apart = hit('client-process') || hit('socket-forbidden')
  const onTold = (text: string): void => void told.push(text)
  const onStarted = (pid: number): void => processLimit?.exempt(pid)
  const unconnected: Unconnected[] = []
  const onUnconnected = (client: string, error: unknown): void =>
    void unconnected.push({ client, atMs: systemClock.now(), message: String(error) })
  const telling = { onTold, onStarted, onUnconnected }
  const clients = scheduleClients(schedule, { ...setup, clock, apart, ...telling })
  let closedAtMs = Infinity
  const close = (): Promise<string[]> => {
    closedAtMs = Math.min(closedAtMs, systemClock.now())
    return lab.broker.close({ deadlineMs: CLOSE_MS })
  }
  const world: World = {
    host,
    socketFile: socketFileAt(lab.broker.socketPath, socketPath, () => closedAtMs < Infinity),
    devices,
    killBroker: () => lab.kill(),
    closeBroker: () => void close(),
    inflict: (what) => lab.inflict(what),
    signalBroker: (signal) => void signalTo(lab.pid, signal),
    limitDescriptors(spare) {
      if (lab.pid !== process.pid) limitDescriptors(lab.pid, spare)
    },
    refuseProcesses: (refused) => processLimit?.refuse(refused),
    disk: { fill: () => disk?.fill(), free: () => disk?.free() },
    armNextBroker: (failpoints) => lab.armNext(failpoints),
    clientWire: wiresOf(clientWire ? [clientWire] : []),
    deviceWire: wiresOf(deviceWires),
    clients,
    shiftWallTime(byMs) {
      shiftMs += byMs
      lab.shiftCalendar(shiftMs)
      clients.shiftWallTime(byMs)
    },
    pause: (ms, over) => systemClock.sleep(ms, over).catch(() => {}),
    next: async (event, over) =>
      void (await Promise.race([lab.next(event), whenAborted(over), whenAborted(lab.givenUp)])),
  }

  const seen = (): number => lab.log.length
  const over = new AbortController()
  const failing = injectAll(schedule, {
    faults,
    world,
    happenings,
    now: () => systemClock.now(),
    over: over.signal,
  })
  await clients.run(recorder)
  over.abort()
  const injected = await failing
  world.clientWire.mend()
  world.deviceWire.mend()
  world.signalBroker('SIGCONT')
  const last = recordCalls(clock, seen, () => {})
  const isThere = !lab.broker.lost.aborted && closedAtMs === Infinity
  if (isThere && isSocketThere({ injected, turns }))
    await callLast({ ...setup, clock }, count, last).catch((error: unknown) =>
      onUnconnected('last', error),
    )
  commandLines.look()
  const closingAtMs = systemClock.now()
  await close()
  const closingMs = systemClock.now() - closingAtMs
  const files = (await readdir(socketDirectory.path).catch(() => []))
    .filter((name) => /\.sock|^\.nb/.test(name) && !name.includes('.store'))
    .map((name) => `the file ${name} is left`)
  // Nothing is under way any more: one that takes all the time it has is ended by force.
  const isEnded = closingMs > CLOSE_MS && !hit('broker-') && !hit('next-broker')
  const left = isEnded ? [...files, 'something keeps the broker alive that was closed'] : files
  const { calls } = recorder
  const failed = unconnected.map(({ message }) => message)
  const said = { logged, calls, told: [...told, ...failed], commandLines: commandLines.text }
  const texts = textsOf({ lab, ...said })
  const lastCalls = last.calls
  const { log: deviceLog } = lab
  const asked = { calls, lastCalls, unconnected }
  const mostHeld = undefined
  return {
    began,
    deviceLog,
    ...asked,
    turns,
    mostHeld,
    overlaps: lab.overlaps,
    peakBytes,
    kept: keeping.kept,
    injected,
    closedAtMs,
    left,
    texts,
  }
}

/** Whether there is a way to each device again. @throws why there is no way to connect */
async function callLast(
  options: ConnectOptions & { clock: Clock },
  count: number,
  recorder: CallRecorder,
): Promise<void> {
  await using client = await connect(options)
  const asking = inThisProcess(client, options.clock, { waitedMs: waitedForProcessorMs })
  const devices = Array.from({ length: count }, (_, at) => `sim-${at + 1}`)
  await Promise.all(
    devices.map((device) => askLast(asking, device, { recorder, clock: options.clock })),
  )
}

/** How long to wait before a device is asked again. */
const AGAIN_MS = 500

/** Until it answers; logging in to one that something has befallen is not tried again at once. */
export async function askLast(
  client: ScheduleClient,
  device: string,
  { recorder, clock }: { recorder: CallRecorder; clock: Clock },
): Promise<void> {
  const endMs = clock.now() + LAST_MS
  const planned = { device, line: 'show nonce last.', timeoutMs: LAST_MS }
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { kind } = await recorder.call(client, planned, 'last')
    if (kind === 'acknowledged' || client.over.aborted || clock.now() > endMs) return
    // oxlint-disable-next-line no-await-in-loop
    await clock.sleep(AGAIN_MS)
  }
}

/** One after the other, each when its moment has come; what has happened is in what it resolves with. */
export async function injectAll(
  schedule: Schedule,
  parts: {
    faults: ReadonlyMap<string, Fault>
    world: World
    happenings: Happenings
    now: () => number
    over: AbortSignal
  },
): Promise<InjectedFault[]> {
  const { faults, world, happenings, now, over } = parts
  const injected: InjectedFault[] = []
  const lasting: Promise<void>[] = []
  for (const { name, after, args } of schedule.faults) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await Promise.race([happenings.after(after), whenAborted(over)])
    if (over.aborted) break
    const fault = faults.get(name)
    if (!fault) throw new Error(`there is no fault "${name}"`)
    const one: InjectedFault = { name, args, fromMs: now(), toMs: undefined }
    injected.push(one)
    lasting.push(fault.inject(world, args, over).then(() => void (one.toMs = now())))
  }
  await Promise.all(lasting)
  return injected
}

function wireTo(socketPath: string, directory: string): Promise<FaultProxy> {
  const at = { path: path.join(directory, 'wire.sock') }
  return startFaultProxy(at, () => ({ path: socketPath }), systemClock)
}

/** Broker events with their time; the first one has listened before anybody could hear it. */
function recordTurns(lab: SupervisedLab): BrokerTurn[] {
  const turns: BrokerTurn[] = []
  lab.onEvent((event) => void turns.push({ atMs: systemClock.now(), event }))
  return turns
}

/** False when there is no such process, or it is ourselves. */
function signalTo(pid: number, signal: NodeJS.Signals): boolean {
  if (pid === process.pid) return false
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
