import { CallJournal } from '../../packages/chaos-tests/src/call-journal.fixture.ts'
import { drawsFor, SEED } from '../../packages/chaos-tests/src/chaos-seed.fixture.ts'
import { freezeMidCommand } from '../../packages/chaos-tests/src/freeze-mid-command.fixture.ts'
import { type Judged, judgedTables, requireNoViolation } from '../judged-calls.ts'
import { type Question, Skipped } from '../question.ts'

const TRIES = 100

export const frozenOrchestrator: Question = {
  name: 'frozen-orchestrator',
  asks: 'Is a change made twice when the orchestrator is frozen, its clients go on without it, and it wakes up?',
  beside: "what the devices' own log saw",
  ofCrash: true,
  async measure({ quick }) {
    if (quick) throw new Skipped('a try takes some five seconds')
    const judged: Judged[] = []
    for (let seed = SEED; seed < SEED + TRIES; seed++) {
      const journal = new CallJournal(`freeze-${seed}`)
      // oxlint-disable-next-line no-await-in-loop -- they would disturb each other
      const violations = await freezeMidCommand(journal, drawsFor(seed))
      const tried = { seed, journal, violations }
      requireNoViolation(tried)
      judged.push(tried)
    }
    return judgedTables('A try, with two devices and four clients', [
      { what: 'SIGSTOPped in mid-command, then SIGCONT', judged },
    ])
  },
}
