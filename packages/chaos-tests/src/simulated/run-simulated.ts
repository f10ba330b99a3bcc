import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { SupervisedBrokerEvent } from '@nac-broker/broker'
import type { Testbed } from '@nac-broker/devices'
import { Happenings } from '../chaos-seed.fixture.ts'
import type { Fault } from '../faults/fault.ts'
import { type CallRecorder, recordCalls } from '../real/call-recorder.ts'
import { KeptWatch } from '../real/kept.ts'
import { inThisProcess } from '../real/schedule-client.ts'
import { askLast, CLOSE_MS, injectAll } from '../real/run-schedule.ts'
import type { BrokerTurn, CallRecord, Evidence, Unconnected } from '../schedules/evidence.ts'
import type { Schedule } from '../schedules/schedule.ts'
import { isSocketThere } from '../schedules/socket-there.ts'
import { simulatedClients } from './simulated-clients.ts'
import { CACHE_BYTES, type SimulatedLab, startSimulatedLab } from './simulated-lab.ts'
import { leftBy } from './simulated-stock.ts'
import { simulatedTestbed } from './simulated-testbed.ts'
import { SimulatedTime } from './simulated-time.ts'
import { simulatedWorld } from './simulated-world.ts'

/** In memory where there is such a file system: nothing of it is to outlive the run. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
/** One for this process, so that one schedule after the other has the same paths. */
const DIRECTORY = path.join(MEMORY, `nac-broker-simulated-${process.pid}`)

/** One run in this process, on a time of its own; the same seed gives the same evidence. */
export async function runSimulated(
  schedule: Schedule,
  faults: ReadonlyMap<string, Fault>,
): Promise<Evidence> {
  const testbed = await simulatedTestbed(schedule.devices)
  rmSync(DIRECTORY, { recursive: true, force: true })
  mkdirSync(DIRECTORY)
  try {
    const time = new SimulatedTime()
    const small = withSmallOutputs(schedule)
    return await time.runUntil(() => perform(small, { faults, time, testbed }))
  } finally {
    rmSync(DIRECTORY, { recursive: true, force: true })
  }
}

/** What large ones show is the same with some kilobytes, and takes a hundredth of the time. */
function withSmallOutputs(schedule: Schedule): Schedule {
  const smaller = (line: string): string =>
    line.replace(/^(show bulk \d+)000$/, (_, start: string) => `${start}0`)
  const clients = schedule.clients.map((callers) =>
    callers.map((calls) => calls.map((call) => ({ ...call, line: smaller(call.line) }))),
  )
  return { ...schedule, clients }
}

async function perform(
  schedule: Schedule,
  {
    faults,
    time,
    testbed,
  }: { faults: ReadonlyMap<string, Fault>; time: SimulatedTime; testbed: Testbed },
): Promise<Evidence> {
  const happenings = new Happenings()
  const onDevice = happenings.happened
  const lab = await startSimulatedLab(schedule, { time, testbed, directory: DIRECTORY, onDevice })
  const { broker, deviceLog, outside } = lab
  const began = { atMs: time.now(), at: outside.wallTime() }
  const watched = watch(lab)
  const givenUp = watched.givenUp.signal
  const told: string[] = []
  const onTold = (text: string): void => void told.push(text)
  const unconnected: Unconnected[] = []
  const onUnconnected = (client: string, error: unknown): void =>
    void unconnected.push({ client, atMs: time.now(), message: String(error) })
  const clients = simulatedClients(schedule, lab, { givenUp, onTold, onUnconnected })
  let closedAtMs = Infinity
  const close = (): Promise<string[]> => {
    closedAtMs = Math.min(closedAtMs, time.now())
    return broker.close({ deadlineMs: CLOSE_MS })
  }
  const parts = { next: watched.next, givenUp, clients, close, directory: DIRECTORY }
  const world = simulatedWorld(schedule, lab, parts)

  const seen = (): number => deviceLog.length
  const keeping = new KeptWatch(broker, schedule, CACHE_BYTES)
  const recorder = recordCalls(outside, seen, () => {
    happenings.happened()
    keeping.settled()
  })
  const over = new AbortController()
  const now = (): number => time.now()
  const failing = injectAll(schedule, { faults, world, happenings, now, over: over.signal })
  await clients.run(recorder)
  over.abort()
  const injected = await failing
  world.clientWire.mend()
  world.deviceWire.mend()
  world.signalBroker('SIGCONT')
  const last = recordCalls(outside, seen, () => {})
  const isFound = isSocketThere({ injected, turns: watched.turns })
  if (!broker.lost.aborted && closedAtMs === Infinity && isFound)
    await callLast(lab, givenUp, last).catch((error: unknown) => onUnconnected('last', error))
  await close()
  await watched.over
  await outside.sleep(SETTLE_MS)
  const left = [...leftBy(lab)]
  const { turns, events } = watched
  const { calls } = recorder
  const failed = unconnected.map(({ message }) => message)
  const errors = [...calls.flatMap(messageOf), ...failed, ...told].join('\n')
  const texts = {
    'an error': errors,
    'an event': JSON.stringify(events),
    'the log': lab.logged(),
    'the store': filesOf(DIRECTORY),
  }
  const lastCalls = last.calls
  const seenAndTold = { deviceLog, calls, lastCalls, unconnected, turns, injected }
  return {
    schedule,
    level: 'simulated',
    began,
    ...seenAndTold,
    mostHeld: lab.mostHeld,
    overlaps: lab.overlaps,
    closedAtMs,
    left,
    grownBytes: 0,
    peakBytes: 0,
    kept: keeping.kept,
    texts,
  }
}

/** Longer than anybody waits for somebody who says goodbye. */
const SETTLE_MS = 5_000

/** Broker events with their time, from the second on: the first has happened before anybody could hear it. */
function watch(lab: SimulatedLab): {
  turns: readonly BrokerTurn[]
  events: readonly SupervisedBrokerEvent[]
  givenUp: AbortController
  next: (wanted: string) => Promise<void>
  over: Promise<void>
} {
  const turns: BrokerTurn[] = []
  const events: SupervisedBrokerEvent[] = []
  const givenUp = new AbortController()
  const waiting = new Set<(event: string) => void>()
  const hear = (event: SupervisedBrokerEvent): void => {
    events.push(event)
    if (event.event === 'fallback' || event.event === 'aborted') {
      givenUp.abort()
      lab.noteOverlap('none was to follow')
    }
    turns.push({ atMs: lab.time.now(), event })
    for (const tell of waiting) tell(event.event)
  }
  const over = (async () => {
    for await (const event of lab.broker.events()) hear(event)
  })()
  const next = (wanted: string): Promise<void> =>
    new Promise((resolve) => {
      const tell = (event: string): void => {
        if (event !== wanted) return
        waiting.delete(tell)
        resolve()
      }
      waiting.add(tell)
    })
  return { turns, events, givenUp, next, over }
}

/** Whether there is a way to each device again. @throws why there is no way to connect */
async function callLast(
  lab: SimulatedLab,
  givenUp: AbortSignal,
  recorder: CallRecorder,
): Promise<void> {
  await using client = await lab.connect(lab.machine.spawn(), givenUp)
  const asking = inThisProcess(client, lab.outside)
  const by = { recorder, clock: lab.outside }
  await Promise.all(Array.from(lab.routers.keys(), (device) => askLast(asking, device, by)))
}

function messageOf({ outcome }: CallRecord): string[] {
  return outcome.kind === 'failed' ? [outcome.message] : []
}

function filesOf(directory: string): string {
  if (!existsSync(directory)) return ''
  return readdirSync(directory)
    .map((name) => readFileSync(path.join(directory, name), 'latin1'))
    .join('\n')
}
