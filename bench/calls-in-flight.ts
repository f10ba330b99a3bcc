import { type BrokerClient, connect, type ExecuteResult } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'
import {
  type HostKind,
  startSupervisedLab,
  type SupervisedLab,
} from '../packages/chaos-tests/src/supervised-lab.fixture.ts'
import { type Standings, watchStandings } from './standings.ts'

const DEVICES = 2
const CALLS_PER_DEVICE = 10
export const CALLS = DEVICES * CALLS_PER_DEVICE
/** What a device has got now is not answered while it is measured. */
const ENDLESS_MS = 60_000

interface Settled {
  /** On the clock. */
  atMs: number
  /** The word that was asked for, which begins its answer. */
  word: string
  outcome: { kind: 'answered'; answer: ExecuteResult } | { kind: 'failed'; error: unknown }
}

export interface CallsInFlight extends AsyncDisposable {
  readonly lab: SupervisedLab
  readonly client: BrokerClient
  readonly standings: Standings
  /** They never reject. */
  readonly calls: readonly Promise<Settled>[]
}

/** A broker with calls in flight: each device is at work on one, the others are queued in the broker. */
export async function callsInFlight(
  host: HostKind,
  crashPolicy: 'abort' | 'restart',
): Promise<CallsInFlight> {
  await using stack = new AsyncDisposableStack()
  const simulator = { devices: DEVICES }
  const lab = stack.use(await startSupervisedLab({ host, crashPolicy, simulator }))
  const client = stack.use(await connect({ socketPath: lab.broker.socketPath }))
  const standings = await watchStandings(client)
  const { devices } = lab.simulator
  await Promise.all(devices.map(({ name }) => client.connect(name)))

  const latenciesMs = devices.map(({ latencyMs }) => latencyMs)
  for (const device of devices) device.latencyMs = ENDLESS_MS
  const atWork = Promise.all(devices.map((_, i) => lab.deviceGets(`show nonce ${wordOf(i)}`)))
  const calls = Array.from({ length: CALLS }, (_, i) =>
    settle(client, devices[i % DEVICES]?.name ?? '', wordOf(i)),
  )
  const early = Promise.race(calls).then(({ word, outcome }) => {
    throw new Error(`"show nonce ${word}" should be in flight, and has ${JSON.stringify(outcome)}`)
  })
  await Promise.race([atWork, early])
  for (const [i, device] of devices.entries()) device.latencyMs = latenciesMs[i] ?? 0

  const owned = stack.move()
  return { lab, client, standings, calls, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function wordOf(index: number): string {
  return `call-${index}`
}

async function settle(client: BrokerClient, device: string, word: string): Promise<Settled> {
  try {
    const answer = await client.execute(device, `show nonce ${word}`)
    return { atMs: systemClock.now(), word, outcome: { kind: 'answered', answer } }
  } catch (error) {
    return { atMs: systemClock.now(), word, outcome: { kind: 'failed', error } }
  }
}
