/**
 * Orchestrators that are frozen and wake up at random moments, each so many entries of the devices' log and
 * settled calls after the one before.
 *
 * NAC_BROKER_CHAOS_KILLS: a tenth of it is how many, one after the other, default 1.
 * NAC_BROKER_CHAOS_SEED: where the moments come from, default a new one each time. A failure names the seed
 * with which its freeze is the first.
 */
import { expect, it } from 'vitest'
import { CallJournal } from './call-journal.fixture.ts'
import { drawsFor, KILLS, SEED } from './chaos-seed.fixture.ts'
import { freezeMidCommand } from './freeze-mid-command.fixture.ts'

const FREEZES = Math.ceil(KILLS / 10)

it(
  `an orchestrator that was frozen in mid-command sends nothing again when it wakes up: ${FREEZES} times`,
  { timeout: 10_000 + FREEZES * 25_000 },
  async () => {
    for (let seed = SEED; seed < SEED + FREEZES; seed++) {
      const journal = new CallJournal(`freeze-${seed}`)
      const violations = await freezeMidCommand(journal, drawsFor(seed))
      expect(violations, `NAC_BROKER_CHAOS_SEED=${seed}`).toEqual([])
    }
  },
)
