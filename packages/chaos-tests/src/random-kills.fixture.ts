import { type BrokerClient, connect } from '@nac-broker/client'
import type { VirtualClock } from '@nac-broker/supervisor'
import { CallJournal } from './call-journal.fixture.ts'
import { clockFor, draw, drawsFor, Happenings, SEED } from './chaos-seed.fixture.ts'
import { startSupervisedLab, type SupervisedLab } from './supervised-lab.fixture.ts'

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

/** `share`: of all kills; those of all scenarios are 1. */
const POLICIES: { policy: string; share: number }[] = [
  { policy: 'restart,abort', share: 0.2 },
  { policy: 'restart,fallback', share: 0.2 },
  { policy: 'fallback', share: 0.05 },
  { policy: 'abort', share: 0.05 },
]
export const SCENARIOS = POLICIES.flatMap(({ policy, share }) =>
  (['thread', 'process'] as const).map((host) => ({ policy, host, share })),
)

type Moment = { when: 'starting' } | { when: 'listening'; happenings: number }

export type Scenario = (typeof SCENARIOS)[number]

interface Plan {
  /** Whether the first moment counts from the start, when nobody is logged in anywhere. */
  readonly cold: boolean
  readonly moments: readonly Moment[]
}

/** One run after the other until the scenario has been killed that often. Yields what became of each. */
export async function* killedAtRandom(scenario: Scenario, kills: number): AsyncGenerator<Killed> {
  const atMost = scenario.policy.startsWith('restart') ? MAX_RESTARTS + 1 : 1
  for (let left = kills, seed = SEED; left > 0; left -= atMost, seed++) {
    const plan = planFor(seed, scenario)
    const moments = plan.moments.slice(0, Math.min(left, atMost))
    const journal = new CallJournal(String(seed))
    const violations = await killAtRandom(scenario, { ...plan, moments }, { seed, journal })
    yield { seed, kills: moments.length, journal, violations }
  }
}

export interface Killed {
  readonly seed: number
  readonly kills: number
  readonly journal: CallJournal
  /** What must not have been. */
  readonly violations: readonly string[]
}

/** As many moments as a run can have, whether all are used or not. */
function planFor(seed: number, scenario: Scenario): Plan {
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
  { host, policy }: Scenario,
  { cold, moments }: Plan,
  { seed, journal }: { seed: number; journal: CallJournal },
): Promise<string[]> {
  await using lab = await startSupervisedLab({
    host,
    crashPolicy: policy,
    clock: clockFor(seed, CLIENTS),
    simulator: { devices: DEVICES, latencyMs: 20 },
    maxSessionsPerDevice: 2,
  })
  await using clients = new AsyncDisposableStack()
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
