import { once } from 'node:events'
import { expect, it } from 'vitest'
import { draw, drawsFor, KILLS, SEED } from './chaos-seed.fixture.ts'
import {
  ITEMS,
  readReport,
  startItemRun,
  type Verdict,
  verdictOn,
  WORKERS,
} from './item-run.fixture.ts'
import { startLab } from './lab.fixture.ts'

/** Orchestrators, in all. */
const ROUNDS = Math.ceil(KILLS / 5)

it.each(['thread', 'process'])(
  `a run whose orchestrator is killed at any moment is resumed, and does each item once (host %s): ${Math.ceil(ROUNDS / 2)} kills`,
  { timeout: 120_000 + ROUNDS * 20_000 },
  async (host) => {
    const random = drawsFor(SEED)
    for (let kill = 1; kill <= Math.ceil(ROUNDS / 2); kill++) {
      const moment = draw(random, 1, WORKERS * ITEMS)
      const verdict = await killAndResume(host, moment)
      // What a worker was doing when everything was killed may be of unknown outcome, and nothing else.
      const expected = { violations: [], unknown: [...new Set(verdict.unknown)] }
      expect(verdict, `NAC_BROKER_CHAOS_SEED=${SEED}, kill ${kill}`).toEqual(expected)
    }
  },
)

/** Kills a run when its device has got that many commands, and resumes it. */
async function killAndResume(host: string, moment: number): Promise<Verdict> {
  await using lab = await startLab({ devices: 1, latencyMs: 10 })
  const config = `broker: {host: ${host}}`
  const first = await startItemRun(lab, config)
  const exited = once(first, 'exit')
  await lab.commands(moment)
  first.kill('SIGKILL')
  const hadEnded = (await exited)[0] === 0
  const resumedRun = await startItemRun(lab, config, '--resume')
  const [code] = (await once(resumedRun, 'exit')) as [number | null]
  const { resumed } = await readReport(lab)
  const lost = !hadEnded && resumed !== 1 ? [`resumed ${resumed} times`] : []
  const { violations, unknown } = await verdictOn(lab, code)
  return { violations: [...lost, ...violations], unknown }
}
