/**
 * Some schedules of faults, each from a seed of its own; `pnpm chaos` runs as many as one likes.
 *
 * NAC_BROKER_CHAOS_SCHEDULES: how many, default 6. NAC_BROKER_CHAOS_SEED: the first one's seed.
 */
import { expect, it } from 'vitest'
import { SEED } from '../chaos-seed.fixture.ts'
import { allFaults } from '../faults/all-faults.ts'
import { drawSchedule } from './draw-schedule.ts'
import { explore } from './explore.ts'
import { commandOf, verdictWithoutEvidence } from './run-one.ts'

const SCHEDULES = Number(process.env['NAC_BROKER_CHAOS_SCHEDULES'] ?? 6)

it(
  `whatever befalls them, no promise is broken: ${SCHEDULES} schedules from seed ${SEED}`,
  { timeout: 60_000 + SCHEDULES * 5_000 },
  async () => {
    const failed: unknown[] = []
    const asked = Array.from({ length: SCHEDULES }, (_, at) => ({ seed: SEED + at }))
    await explore(asked, {
      jobs: 2,
      onVerdict({ seed, violations, timeline }) {
        if (violations.length > 0) failed.push({ seed, violations, timeline })
      },
    })
    expect(failed, 'npx -y pnpm@12 chaos --seed shows it again').toEqual([])
  },
)

it('a seed draws the same schedule each time, and another seed another one', async () => {
  const faults = await allFaults()
  expect(drawSchedule(1, faults)).toEqual(drawSchedule(1, faults))
  expect(drawSchedule(2, faults)).not.toEqual(drawSchedule(1, faults))
})

it('every fault is drawn sooner or later', async () => {
  const faults = await allFaults()
  const drawn = new Set<string>()
  for (let seed = 0; seed < 300; seed++) {
    for (const { name } of drawSchedule(seed, faults).faults) drawn.add(name)
  }
  expect([...drawn].toSorted()).toEqual(faults.map(({ name }) => name).toSorted())
})

it('a fault that does something to a process only is drawn for brokers in a process', async () => {
  const faults = await allFaults()
  const hosts = Array.from({ length: 300 }, (_, seed) => drawSchedule(seed, faults))
    .filter((one) => one.faults.some(({ name }) => name === 'broker-out-of-descriptors'))
    .map(({ host }) => host)
  expect(new Set(hosts)).toEqual(new Set(['process']))
})

it('of a run that left no evidence it is known what it was to suffer, so that it can be shrunk', async () => {
  const { faults } = drawSchedule(1, await allFaults())
  const all = await verdictWithoutEvidence({ seed: 1 }, 'it hangs', 5)
  expect([all.drawn, all.timeline.length]).toEqual([faults.length, faults.length])
  const one = await verdictWithoutEvidence({ seed: 1, only: [1] }, 'it hangs', 5)
  expect([one.drawn, one.timeline]).toEqual([faults.length, all.timeline.slice(0, 1)])
})

it('one that hangs has a page that says so, and what it was to suffer', async () => {
  const { faults } = drawSchedule(1, await allFaults())
  expect(faults.length).toBeGreaterThan(0)
  const { page } = await verdictWithoutEvidence({ seed: 1 }, 'it hangs', 5)
  expect(page).toContain('<strong>nothing-hangs-or-dies</strong>: it hangs')
  expect(page).toContain('chaos --seed 1</code>')
  for (const { name } of faults) expect(page).toContain(name)
})

it('whoever comes after one that hung has a runner of its own', async () => {
  let slept = 0
  // The first one hangs as soon as it begins, and no other ever does.
  const clock = {
    now: () => 0,
    sleep: () => (slept++ === 0 ? Promise.resolve() : new Promise<void>(() => {})),
  }
  const told: [number, string[]][] = []
  const asked = [1, 2, 3].map((seed) => ({ seed, simulated: true }))
  await explore(asked, {
    jobs: 1,
    clock,
    onVerdict: ({ seed, violations }) => told.push([seed, violations.map(({ what }) => what)]),
  })
  expect(told).toEqual([
    [1, ['it is not over after 20000 ms']],
    [2, []],
    [3, []],
  ])
})

it('the command that shows a schedule again says so when it has none of its faults', () => {
  expect(commandOf({ seed: 1 })).toBe('npx -y pnpm@12 chaos --seed 1')
  expect(commandOf({ seed: 1, only: [] })).toBe('npx -y pnpm@12 chaos --seed 1 --only none')
})
