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
import { KILLS } from './chaos-seed.fixture.ts'
import { killedAtRandom, SCENARIOS } from './random-kills.fixture.ts'

describe.each(SCENARIOS)('killed at random, under $policy, in a $host', (scenario) => {
  const kills = Math.max(1, Math.round(KILLS * scenario.share))
  it(
    `sends no change twice, answers with what the device sent, and in time: ${kills} kills`,
    { timeout: 30_000 + kills * 5_000 },
    async () => {
      for await (const { seed, violations } of killedAtRandom(scenario, kills)) {
        expect(violations, `NAC_BROKER_CHAOS_SEED=${seed} NAC_BROKER_CHAOS_KILLS=${KILLS}`).toEqual(
          [],
        )
      }
    },
  )
})
