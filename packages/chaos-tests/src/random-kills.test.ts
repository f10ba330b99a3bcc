import { describe, expect, it } from 'vitest'
import { type BrokerClient, connect } from '@nac-broker/client'
import { parseCrashPolicy } from '@nac-broker/protocol'
import { systemClock, VirtualClock } from '@nac-broker/supervisor'
import { CallJournal } from './call-journal.fixture.ts'
import { type HostKind, startSupervisedLab, type SupervisedLab } from './supervised-lab.fixture.ts'

/**
 * NAC_BROKER_CHAOS_KILLS: how many kills in all, default 8. NAC_BROKER_CHAOS_SEED: where the moments
 * come from, default a new one each time, told on failure. The same seed draws the same moments; what
 * they hit is up to the machine.
 */
const KILLS = Number(process.env['NAC_BROKER_CHAOS_KILLS'] ?? 8)
const SEED = Number(process.env['NAC_BROKER_CHAOS_SEED'] ?? Math.floor(systemClock.random() * 1e6))

const DEVICES = 2
const CLIENTS = 4
/** As many as each client has in flight. */
const CALLERS = 3
/** How long a kill waits for a broker to be at work. */
const BUSY_MS = 1_000
/** The one that comes after this many restarts is the last. */
const MAX_RESTARTS = 5

const POLICIES: { policy: string; share: number }[] = [
  { policy: 'restart,abort', share: 0.2 },
  { policy: 'restart,fallback', share: 0.2 },
  { policy: 'fallback', share: 0.05 },
  { policy: 'abort', share: 0.05 },
]
const CASES = POLICIES.flatMap(({ policy, share }) =>
  (['thread', 'process'] as const).map((host) => ({ policy, host, share })),
)

describe.each(CASES)('killed at random, under $policy with the broker in a $host', (scenario) => {
  const kills = Math.max(1, Math.round(KILLS * scenario.share))
  const kinds = CASES.indexOf(scenario)
  it(
    `sends no change twice, answers with what the device sent, and in time: ${kills} kills`,
    { timeout: 20_000 + kills * 5_000 },
    async () => {
      const random = new VirtualClock(SEED + kinds)
      const most = scenario.policy.startsWith('restart') ? MAX_RESTARTS + 1 : 1
      let acknowledged = 0
      for (let left = kills, round = 1; left > 0; left -= most, round++) {
        const journal = new CallJournal(`${kinds}-${round}`)
        const violations = await killAtRandom(scenario, Math.min(left, most), random, journal)
        expect(violations, `NAC_BROKER_CHAOS_SEED=${SEED}, round ${round}`).toEqual([])
        acknowledged += journal.acknowledged
      }
      // A few brokers may all die before their first answer; so many do not.
      const least = kills < 20 ? 0 : 1
      expect(acknowledged).toBeGreaterThanOrEqual(least)
    },
  )
})

/** One run that is killed that often. Returns what must not have been. */
async function killAtRandom(
  { host, policy }: { host: HostKind; policy: string },
  kills: number,
  random: VirtualClock,
  journal: CallJournal,
): Promise<string[]> {
  await using lab = await startSupervisedLab({
    host,
    crashPolicy: parseCrashPolicy(policy),
    simulator: { devices: DEVICES, latencyMs: 20 },
    maxSessionsPerDevice: 2,
  })
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () =>
      connect({
        socketPath: lab.broker.socketPath,
        testbed: lab.testbedPath,
        reconnectTimeoutMs: 1_000,
      }),
    ),
  )
  const over = new AbortController()
  const calling = clients.flatMap((client) =>
    Array.from({ length: CALLERS }, () => callOn(client, { random, journal, over: over.signal })),
  )
  for (let kill = 1; kill <= kills; kill++) await killOnce(lab, random)
  // What the policy makes of the last one is seen too.
  await systemClock.sleep(random.random() * 400)
  over.abort()
  await Promise.all(calling)
  const settled = journal.violations(lab.log)
  await Promise.all(clients.map((client) => client.close()))
  return settled
}

/** Mostly in the midst of commands, at times while idle, or while the next broker starts. */
async function killOnce(lab: SupervisedLab, random: VirtualClock): Promise<void> {
  if (random.random() < 0.7) {
    const busy = lab.deviceGets(/ nonce /)
    await Promise.race([busy, systemClock.sleep(BUSY_MS)])
  }
  await systemClock.sleep(random.random() * 100)
  const after = (['listening', 'fallback', 'aborted'] as const).map((event) => lab.next(event))
  // There may be nothing to kill at the moment, and then nothing is lost.
  const lost = random.random() < 0.3 ? [lab.next('broker-lost')] : []
  lab.kill()
  await Promise.race([...after, ...lost])
}

/** Until it is over, or the policy has ended in abort. */
async function callOn(
  client: BrokerClient,
  { random, journal, over }: { random: VirtualClock; journal: CallJournal; over: AbortSignal },
): Promise<void> {
  while (!over.aborted && !client.lost.aborted) {
    await journal.call(client, {
      device: `sim-${1 + Math.floor(random.random() * DEVICES)}`,
      verb: random.random() < 0.6 ? 'write' : 'show',
      timeoutMs: Math.ceil(50 + random.random() ** 2 * 1_500),
    })
  }
}
