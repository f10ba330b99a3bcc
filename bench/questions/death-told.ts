import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect } from '@nac-broker/client'
import type { Simulator } from '@nac-broker/devices'
import { systemClock } from '@nac-broker/supervisor'
import { startDeviceWires, throughWires } from '../../packages/chaos-tests/src/real/device-wires.ts'
import { yieldProcessor } from '../../packages/orchestrator/src/yield-processor.ts'
import { EventsTold, type Told, type ToldEvent } from '../events-told.ts'
import type { Question, Row, Table } from '../question.ts'
import { repeat } from '../samples.ts'
import { startWatchedRun } from '../watched-run.ts'
import { reader } from '../whole-run.ts'

const BAR = 'p99 below 100'
/** Workers that read from a device all the while, which answers after so many milliseconds. */
const READING = { workers: 4, latencyMs: 20 }
const DEVICES = 10
/** These take their time. */
const SLOW_DEATHS = 20
const WATCH = { name: 'lab', live: ['active'], everyMs: 1_000 }
const KEEPALIVE_MS = 250
/** Three go unanswered until the fourth would be due. */
const SILENT_MS = 4 * KEEPALIVE_MS
/** What such a death may take beyond what it takes to notice it. */
const SLACK_MS = 1_000
const WITHOUT_END = 1_000_000_000
/** As often may a broker die in 30 s and be restarted. */
const DEATHS_OF_BROKER = 5
const BROKER_KILLS = { thread: 'thread terminated', process: 'process SIGKILLed' } as const

type Host = keyof typeof BROKER_KILLS

/** A run in which they read from its first device. */
const READERS = {
  host: 'thread' as Host,
  devices: 1,
  latencyMs: READING.latencyMs,
  workers: [
    {
      name: 'w',
      command: reader(WITHOUT_END),
      instances: { kind: 'count' as const, count: READING.workers },
    },
  ],
}

export const deathTold: Question = {
  name: 'death-told',
  asks: 'How soon does who watches a run over HTTP know that something in it has died?',
  beside: 'a bare process that is killed, and its parent',
  async measure({ quick }) {
    const times = quick ? 1 : 100
    const rows = await ofDevicesAndWorkers(times)
    // Each of these has a run of its own, and takes seconds to be noticed.
    if (!quick) rows.push(await ofWatched(SLOW_DEATHS), await ofSilentDevice(SLOW_DEATHS))
    for (const host of quick ? (['thread'] as const) : (['thread', 'process'] as const))
      rows.push(await ofBroker(host, times))
    return [table(rows)]
  },
}

function table(rows: Row[]): Table {
  const title = `Death, to a client of /events has the frame that says so; ${READING.workers} workers read all the while`
  return { title, unit: 'ms', digits: 1, rows }
}

/** Who kills is who is told, so that there is one clock; the run is in a process of its own. */
async function ofDevicesAndWorkers(times: number): Promise<Row[]> {
  await using run = await startWatchedRun({
    host: 'thread',
    // The first one is read by the workers.
    devices: 1 + DEVICES,
    latencyMs: READING.latencyMs,
    workers: [
      {
        name: 'w',
        command: reader(WITHOUT_END),
        instances: { kind: 'count', count: READING.workers + times },
      },
    ],
    maxParallel: READING.workers,
    failurePolicy: { name: 'best_effort' },
  })
  using told = await EventsTold.read(run.url)
  await using client = await connect({ socketPath: run.socketPath })

  const devices: number[] = []
  for (let time = 0; time < times; time++) {
    const device = run.simulator.devices[1 + (time % DEVICES)]
    const name = device?.name ?? ''
    await client.connect(name)
    const dead = failed(told, `device ${name}`)
    const atMs = systemClock.now()
    if (device?.dropSessions('reset') !== 1) throw new Error(`${name} had no session`)
    devices.push((await dead).atMs - atMs)
  }

  const workers: number[] = []
  for (let time = 0; time < times; time++) {
    // When the one that took the last one's place is at work, too: starting is not measured.
    await joined(told, `w-${time + READING.workers}`)
    const worker = `w-${time + 1}`
    const { event } = await joined(told, worker)
    const dead = failed(told, `worker ${worker}`)
    const atMs = systemClock.now()
    process.kill(Number(event['pid']), 'SIGKILL')
    workers.push((await dead).atMs - atMs)
  }
  requireFailures(told, 'device', { times, cause: /^sim-\d+: .*reset/i })
  requireFailures(told, 'worker', { times, cause: /SIGKILL/ })
  return [
    { what: 'a device resets its connections', samples: devices, bar: BAR },
    { what: 'a worker is SIGKILLed', samples: workers, bar: BAR },
    await bareProcess(times),
  ]
}

/** What the system takes for itself: it frees a process's memory before it tells anybody. */
async function bareProcess(times: number): Promise<Row> {
  const samples = await repeat(times, async () => {
    const program = ['-e', 'console.log(); setInterval(() => {}, 1000)']
    const child = spawn(process.execPath, program, { detached: true })
    // As a run has its workers do.
    await yieldProcessor(child.pid ?? 0, systemClock, new AbortController().signal)
    await once(child.stdout, 'data')
    const atMs = systemClock.now()
    child.kill('SIGKILL')
    await once(child, 'exit')
    return systemClock.now() - atMs
  })
  return { what: 'a bare process of Node is SIGKILLed: its parent knows', samples }
}

/** What a command says is not live any more, at any moment between two looks. */
async function ofWatched(times: number): Promise<Row> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-bench-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const state = path.join(folder, 'state')
  const say = async (word: string): Promise<void> => {
    // All of it at once: nobody reads half of it.
    await writeFile(`${state}.new`, word)
    await rename(`${state}.new`, state)
  }
  await say('active')
  const watch = [{ ...WATCH, command: ['cat', state] }]
  await using run = await startWatchedRun({ ...READERS, watch })
  using told = await EventsTold.read(run.url)
  const isLive = ({ event, unit, state: is }: ToldEvent): boolean =>
    event === 'unit' && unit === 'watch lab' && is === 'ready'
  await told.first(isLive)
  const samples: number[] = []
  for (let time = 0; time < times; time++) {
    await systemClock.sleep((time / times) * WATCH.everyMs)
    const dead = failed(told, 'watch lab')
    const atMs = systemClock.now()
    await say('inactive')
    samples.push((await dead).atMs - atMs)
    const again = told.next(isLive)
    await say('active')
    await again
  }
  requireFailures(told, 'watch', { times, cause: /inactive/ })
  const what = `a command that is asked each ${WATCH.everyMs / 1000} s says that it is dead`
  return { what, samples, bar: `p99 below ${WATCH.everyMs + SLACK_MS}` }
}

/** Its packets are dropped, at any moment between two keepalives. */
async function ofSilentDevice(times: number): Promise<Row> {
  let devices: Simulator['devices'] = []
  // The first device is the workers'.
  const wires = await startDeviceWires(() => devices, 2, systemClock)
  try {
    await using run = await startWatchedRun({
      ...READERS,
      devices: 2,
      broker: { keepaliveIntervalMs: KEEPALIVE_MS },
      rewriteTestbed(text, simulated) {
        devices = simulated
        return throughWires(text, devices, wires)
      },
    })
    using told = await EventsTold.read(run.url)
    await using client = await connect({ socketPath: run.socketPath })
    const name = devices[1]?.name ?? ''
    const samples: number[] = []
    for (let time = 0; time < times; time++) {
      await client.connect(name)
      await systemClock.sleep((time / times) * KEEPALIVE_MS)
      const dead = failed(told, `device ${name}`)
      const atMs = systemClock.now()
      wires[1]?.suffer({ kind: 'silent' })
      samples.push((await dead).atMs - atMs)
      wires[1]?.mend()
    }
    requireFailures(told, 'device', { times, cause: /keepalive/i })
    const what = `a device's packets are dropped, with keepalives each ${KEEPALIVE_MS} ms`
    return { what, samples, bar: `p99 below ${SILENT_MS + SLACK_MS}` }
  } finally {
    await Promise.all(wires.map((wire) => wire[Symbol.asyncDispose]()))
  }
}

async function ofBroker(host: Host, times: number): Promise<Row> {
  const samples: number[] = []
  while (samples.length < times) {
    await using run = await startWatchedRun({ ...READERS, host })
    using told = await EventsTold.read(run.url)
    const before = samples.length
    for (let death = 0; death < DEATHS_OF_BROKER && samples.length < times; death++) {
      const dead = failed(told, 'broker')
      // Not an earlier one, which may be told again to who has just begun to follow.
      const generation = death + 2
      const next = told.first(
        (event) => event.event === 'listening' && event['generation'] === generation,
      )
      const atMs = systemClock.now()
      await run.killBroker()
      samples.push((await dead).atMs - atMs)
      await next
    }
    const deaths = samples.length - before
    requireFailures(told, 'broker', { times: deaths, cause: /^the broker crashed/ })
    requireFailures(told, 'worker', { times: 0, cause: /^/ })
  }
  return { what: `the broker's ${BROKER_KILLS[host]}`, samples, bar: BAR }
}

function joined(told: EventsTold, worker: string): Promise<Told> {
  return told.first((event) => event.event === 'client-joined' && event['worker'] === worker)
}

function failed(told: EventsTold, unit: string): Promise<Told> {
  return told.next((event) => isFailure(event) && event['unit'] === unit)
}

function isFailure(event: ToldEvent): boolean {
  return event.event === 'unit' && event['state'] === 'failed'
}

/** Each death was told, none of them twice, with its cause; and of nothing else of that kind. */
function requireFailures(
  told: EventsTold,
  kind: string,
  { times, cause }: { times: number; cause: RegExp },
): void {
  const failures = told.all((event) => isFailure(event) && event['kind'] === kind)
  const wrong = failures.find((event) => !cause.test(String(event['cause'])))
  if (wrong) throw new Error(`that was no such death: ${JSON.stringify(wrong)}`)
  if (failures.length === times) return
  throw new Error(`of ${times} deaths ${failures.length} were told: ${JSON.stringify(failures)}`)
}
