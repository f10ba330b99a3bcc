import {
  type Killed,
  killedAtRandom,
  type Scenario,
  SCENARIOS,
} from '../../packages/chaos-tests/src/random-kills.fixture.ts'
import { type Judged, judgedTables, requireNoViolation } from '../judged-calls.ts'
import type { Question } from '../question.ts'

const KILLS = 1_000

export const randomKills: Question = {
  name: 'random-kills',
  asks: 'What becomes of calls whose broker is killed at a random moment?',
  beside: "what the devices' own log saw",
  ofCrash: true,
  async measure({ quick }) {
    const troubles: { what: string; judged: Judged[] }[] = []
    for (const scenario of quick ? SCENARIOS.slice(0, 1) : SCENARIOS) {
      const kills = quick ? 1 : Math.round(KILLS * scenario.share)
      const what = `${scenario.policy}, ${scenario.host}, killed ${kills} times`
      // oxlint-disable-next-line no-await-in-loop -- they would disturb each other
      troubles.push({ what, judged: await judged(scenario, kills) })
    }
    return judgedTables('A run of two devices and four clients, killed once to six times', troubles)
  },
}

async function judged(scenario: Scenario, kills: number): Promise<Killed[]> {
  const runs = []
  for await (const run of killedAtRandom(scenario, kills)) {
    requireNoViolation(run)
    runs.push(run)
  }
  return runs
}
