import { expect, it } from 'vitest'
import { connect } from '@nac-broker/client'
import { type Clock, systemClock } from '@nac-broker/supervisor'
import { block } from './broker-fault.fixture.ts'
import { type HostKind, startSupervisedLab, type SupervisedLab } from './supervised-lab.fixture.ts'

// Whoever takes the broker for lost ends: the policy is abort, for the clients and the supervisor.

const HOSTS: HostKind[] = ['thread', 'process']
const BLOCKED_MS = 1_000
const HEARTBEATS = [
  { heartbeatIntervalMs: 500, heartbeatTimeoutMs: 1_500 },
  // Much longer than the timeout are we away ourselves.
  { heartbeatIntervalMs: 100, heartbeatTimeoutMs: 300 },
]

it.each(HEARTBEATS)(
  'a client whose own loop was blocked for a second does not blame the broker (timeout $heartbeatTimeoutMs ms)',
  async (heartbeat) => {
    await using lab = await startSupervisedLab({ host: 'process' })
    const { clock, blocked } = clockThatBlocks()
    const { socketPath } = lab.broker
    await using client = await connect({ socketPath, crashPolicy: 'abort', clock, ...heartbeat })
    await blocked()
    await client.ping()
    expect(client.state).toBe('ready')
  },
)

it.each(HOSTS.flatMap((host) => HEARTBEATS.map((heartbeat) => ({ host, ...heartbeat }))))(
  'a supervisor whose own loop was blocked for a second does not blame the broker in a $host (timeout $heartbeatTimeoutMs ms)',
  async ({ host, ...heartbeat }) => {
    const { clock, blocked } = clockThatBlocks()
    await using lab = await startSupervisedLab({ host, clock, crashPolicy: 'abort', ...heartbeat })
    await blocked()
    await expectFirstBroker(lab)
  },
)

it.each(HOSTS)('a broker in a %s whose loop was blocked for a second is not lost', async (host) => {
  await using lab = await startSupervisedLab({ host, crashPolicy: 'abort' })
  await using client = await connect({ socketPath: lab.broker.socketPath })
  let longestMs = 0
  const serving = new AbortController()
  const pinging = (async () => {
    while (!serving.signal.aborted) longestMs = Math.max(longestMs, await client.ping())
  })()
  lab.inflict('blocked for a second')
  // Read after the fault, and so answered when it is over.
  await expectFirstBroker(lab)
  serving.abort()
  await pinging
  expect(longestMs).toBeGreaterThan(BLOCKED_MS / 2)
  expect(client.state).toBe('ready')
})

/** The supervisor has heard the broker, and neither ended nor replaced it. */
async function expectFirstBroker(lab: SupervisedLab): Promise<void> {
  expect(await lab.broker.status()).toMatchObject({ generation: 1, pid: lab.pid })
  expect(lab.events.filter(({ event }) => event === 'broker-lost')).toEqual([])
  expect(lab.broker.lost.aborted).toBe(false)
}

/**
 * The loop is blocked at the worst moment: a timer has just sent a probe, and when the loop goes on the
 * next timers are due before the answer is read.
 */
function clockThatBlocks(): { clock: Clock; blocked: () => Promise<void> } {
  let armed: PromiseWithResolvers<void> | undefined
  const clock: Clock = {
    ...systemClock,
    startTimer: (delayMs, callback) =>
      systemClock.startTimer(delayMs, () => {
        callback()
        const done = armed
        armed = undefined
        if (done) setImmediate(() => done.resolve(block(BLOCKED_MS)))
      }),
  }
  return { clock, blocked: () => (armed = Promise.withResolvers()).promise }
}
