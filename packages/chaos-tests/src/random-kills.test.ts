/**
 * Brokers that are killed at random moments, while clients call on. A moment is an event, not a time: so
 * many entries of the devices' log and settled calls after the broker listens, or while it starts; how
 * many is drawn from a seed.
 *
 * NAC_BROKER_CHAOS_KILLS: how many kills in all, default 8.
 * NAC_BROKER_CHAOS_SEED: the seed, default a new one each time. A failure names the one of the failing
 * round; with it, and the same test alone (`vitest run random-kills -t 'abort, in a thread'`), that round
 * is the first. What is drawn is then the same; what runs between two events is still up to the machine.
 */
import { describe, expect, it } from 'vitest'
import { type BrokerClient, connect } from '@nac-broker/client'
import type { VirtualClock } from '@nac-broker/supervisor'
import { CallJournal } from './call-journal.fixture.ts'
import { clockFor, draw, drawsFor, Happenings, KILLS, SEED } from './chaos-seed.fixture.ts'
import { type HostKind, startSupervisedLab, type SupervisedLab } from './supervised-lab.fixture.ts'

const DEVICES = 2
const CLIENTS = 4
/** As many as each client has in flight. */
const CALLERS = 3
/** The one that comes after this many restarts is the last. */
const MAX_RESTARTS = 5
/** Calls that are acknowledged before the first kill, unless it is of a broker that nobody has used. */
const BEFORE = 5
/** And after the last, where there is still a way to the devices. */
const AFTER = 10

const POLICIES: { policy: string; share: number }[] = [
  { policy: 'restart,abort', share: 0.2 },
  { policy: 'restart,fallback', share: 0.2 },
  { policy: 'fallback', share: 0.05 },
  { policy: 'abort', share: 0.05 },
]
const SCENARIOS = POLICIES.flatMap(({ policy, share }) =>
  (['thread', 'process'] as const).map((host) => ({ policy, host, share })),
)

type Moment = { when: 'starting' } | { when: 'listening'; happenings: number }

interface Plan {
  /** Whether the first moment counts from the start, when nobody is logged in anywhere. */
  readonly cold: boolean
  readonly moments: readonly Moment[]
}

describe.each(SCENARIOS)('killed at random, under $policy, in a $host', (scenario) => {
  const { policy, share } = scenario
  const kills = Math.max(1, Math.round(KILLS * share))
  const atMost = policy.startsWith('restart') ? MAX_RESTARTS + 1 : 1
  it(
    `sends no change twice, answers with what the device sent, and in time: ${kills} kills`,
    { timeout: 30_000 + kills * 5_000 },
    async () => {
      for (let left = kills, seed = SEED; left > 0; left -= atMost, seed++) {
        const plan = planFor(seed, scenario)
        const moments = plan.moments.slice(0, Math.min(left, atMost))
        const violations = await killAtRandom(scenario, seed, { ...plan, moments })
        expect(violations, `NAC_BROKER_CHAOS_SEED=${seed} NAC_BROKER_CHAOS_KILLS=${KILLS}`).toEqual(
          [],
        )
      }
    },
  )
})

/** As many moments as a run can have, whether all are used or not. */
function planFor(seed: number, scenario: (typeof SCENARIOS)[number]): Plan {
  const random = drawsFor(seed, SCENARIOS.indexOf(scenario))
  const cold = random.random() < 0.25
  const moments = Array.from({ length: MAX_RESTARTS + 1 }, (_, at): Moment => {
    const starting = at > 0 && random.random() < 0.2
    // From before the first login to long after the last.
    return starting ? { when: 'starting' } : { when: 'listening', happenings: draw(random, 0, 60) }
  })
  return { cold, moments }
}

/** One run that is killed that often. Returns what must not have been. */
async function killAtRandom(
  { host, policy }: { host: HostKind; policy: string },
  seed: number,
  { cold, moments }: Plan,
): Promise<string[]> {
  await using lab = await startSupervisedLab({
    host,
    crashPolicy: policy,
    clock: clockFor(seed, CLIENTS),
    simulator: { devices: DEVICES, latencyMs: 20 },
    maxSessionsPerDevice: 2,
  })
  await using clients = new AsyncDisposableStack()
  const journal = new CallJournal(String(seed))
  const over = new AbortController()
  const setup = { socketPath: lab.broker.socketPath, testbed: lab.testbedPath, env: {} }
  const calling: Promise<void>[] = []
  const happenings = new Happenings()
  lab.onDevice(happenings.happened)
  journal.onSettled(happenings.happened)
  for (let number = 0; number < CLIENTS; number++) {
    const clock = clockFor(seed, number)
    const client = clients.use(await connect({ ...setup, givenUp: lab.givenUp, clock }))
    for (let caller = 0; caller < CALLERS; caller++) {
      const random = drawsFor(seed, number, caller)
      calling.push(callOn(client, { random, journal, over: over.signal }))
    }
  }

  const tooFew: string[] = []
  const expectAcknowledged = async (least: number, when: string): Promise<void> => {
    const many = await journal.acknowledges(least)
    if (many < least) tooFew.push(`only ${many} calls were acknowledged ${when}`)
  }
  if (!cold) await expectAcknowledged(BEFORE, 'before the first kill')
  await killAll(lab, moments, happenings)
  // What the policy makes of the last one is seen too.
  if (!lab.broker.lost.aborted) await expectAcknowledged(AFTER, 'after the last kill')
  over.abort()
  await Promise.all(calling)
  return [...journal.violations(lab.log), ...tooFew]
}

/** Until all moments have come, or there is nothing left to kill. Resolves when the last kill is settled. */
async function killAll(
  lab: SupervisedLab,
  moments: readonly Moment[],
  happenings: Happenings,
): Promise<void> {
  let launched = Promise.resolve()
  let settled: Promise<unknown> = Promise.resolve()
  for (const moment of moments) {
    if (moment.when === 'starting') await Promise.race([launched, settled])
    else {
      await settled
      if (!lab.givenUp.aborted) await happenings.after(moment.happenings)
    }
    if (lab.givenUp.aborted) return
    launched = lab.launched()
    settled = Promise.race(
      (['listening', 'fallback', 'aborted'] as const).map((event) => lab.next(event)),
    )
    lab.kill()
  }
  await settled
}

/** Until it is over, or the policy has ended in abort. */
async function callOn(
  client: BrokerClient,
  { random, journal, over }: { random: VirtualClock; journal: CallJournal; over: AbortSignal },
): Promise<void> {
  while (!over.aborted && !client.lost.aborted) {
    await journal.call(client, {
      device: `sim-${draw(random, 1, DEVICES + 1)}`,
      verb: random.random() < 0.6 ? 'write' : 'show',
      // Some pass while there is no broker; most leave time for the next one.
      timeoutMs: Math.ceil(50 + random.random() ** 2 * 5_000),
    })
  }
}
