/**
 * Some simulated schedules; `pnpm chaos --simulated` runs as many as one likes.
 *
 * NAC_BROKER_CHAOS_SIMULATED: how many, default 150. NAC_BROKER_CHAOS_SEED: the first one's seed.
 */
import { expect, it, vi } from 'vitest'
import { SEED } from '../chaos-seed.fixture.ts'
import { allFaults } from '../faults/all-faults.ts'
import { drawSchedule } from '../schedules/draw-schedule.ts'
import type { Evidence } from '../schedules/evidence.ts'
import { explore } from '../schedules/explore.ts'
import { runSimulated } from './run-simulated.ts'
import { SimulatedTime } from './simulated-time.ts'

const SCHEDULES = Number(process.env['NAC_BROKER_CHAOS_SIMULATED'] ?? 150)

async function evidenceOf(seed: number): Promise<Omit<Evidence, 'texts'>> {
  const faults = await allFaults()
  const byName = new Map(faults.map((fault) => [fault.name, fault]))
  const { texts: _texts, ...evidence } = await runSimulated(drawSchedule(seed, faults), byName)
  return evidence
}

it(
  `whatever befalls them, no promise is broken: ${SCHEDULES} simulated schedules from seed ${SEED}`,
  { timeout: 60_000 + SCHEDULES * 500 },
  async () => {
    const failed: unknown[] = []
    const asked = Array.from({ length: SCHEDULES }, (_, at) => ({
      seed: SEED + at,
      simulated: true,
    }))
    await explore(asked, {
      jobs: 2,
      onVerdict({ seed, violations, timeline }) {
        if (violations.length > 0) failed.push({ seed, violations, timeline })
      },
    })
    expect(failed, 'npx -y pnpm@12 chaos --simulated --seed shows it again').toEqual([])
  },
)

it('the same seed gives the same evidence, whatever was run before, and another seed another', async () => {
  const first = await evidenceOf(1)
  for (const seed of [2, 3, 4]) await evidenceOf(seed)
  expect(await evidenceOf(1)).toEqual(first)
  expect(await evidenceOf(2)).not.toEqual(first)
})

it("nothing in it goes by the machine's time, nor by its chance", async () => {
  const before = await evidenceOf(7)
  const used = (what: string) => (): never => {
    throw new Error(`${what} is the machine's`)
  }
  const poisoned = [
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(used('setTimeout')),
    vi.spyOn(globalThis, 'setInterval').mockImplementation(used('setInterval')),
    vi.spyOn(Math, 'random').mockImplementation(used('Math.random')),
    vi.spyOn(process.hrtime, 'bigint').mockImplementation(used('hrtime')),
  ]
  try {
    expect(await evidenceOf(7)).toEqual(before)
  } finally {
    for (const spy of poisoned) spy.mockRestore()
  }
})

it('what waits for something that never happens is found out at once', async () => {
  const never = new SimulatedTime().runUntil(() => new Promise(() => {}))
  await expect(never).rejects.toThrow('everything waits, and nothing is to happen any more')
})

it('what goes on for ever is found out too', async () => {
  const time = new SimulatedTime()
  const again = (): void => void time.at(time.now() + 1_000, again)
  const never = time.runUntil(() => {
    again()
    return new Promise(() => {})
  })
  await expect(never).rejects.toThrow('it is not over after')
})
