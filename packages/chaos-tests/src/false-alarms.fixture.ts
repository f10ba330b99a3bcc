import { connect } from '@nac-broker/client'
import { type Clock, systemClock, type Timer } from '@nac-broker/supervisor'
import { block } from './broker-fault.fixture.ts'
import { type HostKind, startSupervisedLab, type SupervisedLab } from './supervised-lab.fixture.ts'

// Whoever takes the broker for lost ends: the policy is abort, for the clients and the supervisor.

const BLOCKED_MS = 1_000
/** From one probe to the next. */
const SHORTEST_INTERVAL_MS = 100

export interface Heartbeat {
  heartbeatIntervalMs: number
  heartbeatTimeoutMs: number
}

/** What became of a broker that nobody may take for lost. */
export interface HeldUp {
  /** Who did so all the same, in words. */
  readonly alarms: readonly string[]
  /** How long it then took to hear from the broker. */
  readonly answeredMs: number
}

/** A client whose own loop is blocked for a second. */
export async function holdUpClient(heartbeat?: Heartbeat): Promise<HeldUp> {
  await using lab = await startSupervisedLab({ host: 'process' })
  const { clock, blocked } = clockThatBlocks()
  const { socketPath } = lab.broker
  await using client = await connect({ socketPath, crashPolicy: 'abort', clock, ...heartbeat })
  await blocked()
  const { alarm, ms } = await timed(() => client.ping())
  return { alarms: [...alarm, ...alarmsOf(client.state)], answeredMs: ms }
}

/** A supervisor whose own loop is blocked for a second. */
export async function holdUpSupervisor(host: HostKind, heartbeat?: Heartbeat): Promise<HeldUp> {
  const { clock, blocked } = clockThatBlocks()
  await using lab = await startSupervisedLab({ host, clock, crashPolicy: 'abort', ...heartbeat })
  await blocked()
  return await askSupervisor(lab)
}

/** A broker whose own loop is blocked for a second, with a client that waits for it meanwhile. */
export async function holdUpBroker(host: HostKind): Promise<HeldUp> {
  await using lab = await startSupervisedLab({ host, crashPolicy: 'abort' })
  await using client = await connect({ socketPath: lab.broker.socketPath })
  let longestMs = 0
  const serving = new AbortController()
  const pinging = (async () => {
    while (!serving.signal.aborted) longestMs = Math.max(longestMs, await client.ping())
  })()
  lab.inflict('blocked for a second')
  // Read after the fault, and so answered when it is over.
  const { alarms } = await askSupervisor(lab)
  serving.abort()
  await pinging
  const unnoticed = longestMs > BLOCKED_MS / 2 ? [] : ['the broker was never held up']
  return { alarms: [...alarms, ...unnoticed, ...alarmsOf(client.state)], answeredMs: longestMs }
}

/** It has heard the broker, and neither ended nor replaced it. */
async function askSupervisor(lab: SupervisedLab): Promise<HeldUp> {
  const { pid } = lab
  const { alarm, ms } = await timed(async () => {
    const status = await lab.broker.status()
    if (status.generation !== 1 || status.pid !== pid) throw new Error('the broker was replaced')
  })
  const lost = lab.events.filter(({ event }) => event === 'broker-lost' || event === 'aborted')
  return { alarms: [...alarm, ...lost.map((event) => JSON.stringify(event))], answeredMs: ms }
}

async function timed(ask: () => Promise<unknown>): Promise<{ alarm: string[]; ms: number }> {
  const startedMs = systemClock.now()
  const failed = await ask().then(
    () => [],
    (error: unknown) => [String(error)],
  )
  return { alarm: failed, ms: systemClock.now() - startedMs }
}

function alarmsOf(state: string): string[] {
  return state === 'ready' ? [] : [`the client is ${state}`]
}

interface Started {
  readonly delayMs: number
  readonly fire: () => void
  readonly timer: Timer
}

/**
 * The loop is blocked at the worst moment: a timer has just sent a probe, and when the loop goes on the
 * next timer, which is due by then, comes before the answer is read.
 */
function clockThatBlocks(): { clock: Clock; blocked: () => Promise<void> } {
  let armed: PromiseWithResolvers<void> | undefined
  let started: Started[] = []
  const clock: Clock = {
    ...systemClock,
    startTimer(delayMs, callback) {
      const fire = (): void => {
        started = []
        callback()
        const next = started.at(-1)
        // One that came a moment early has sent nothing yet, and waits for the rest of its time.
        if (!armed || !next || next.delayMs < SHORTEST_INTERVAL_MS / 2) return
        const done = armed
        armed = undefined
        block(BLOCKED_MS)
        next.timer.cancel()
        next.fire()
        done.resolve()
      }
      const timer = systemClock.startTimer(delayMs, fire)
      started = [{ delayMs, fire, timer }]
      return timer
    },
  }
  return { clock, blocked: () => (armed = Promise.withResolvers()).promise }
}
