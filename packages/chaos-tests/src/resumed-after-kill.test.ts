/**
 * Orchestrators that are killed at random moments, and whose runs are then resumed. A moment is an event, not a
 * time: so many commands that their device has got, or a step of their beginning, of their end, or of the writing
 * of the report.
 *
 * NAC_BROKER_CHAOS_KILLS: a fifth of it is how many, half of them of each host, default 2.
 * NAC_BROKER_CHAOS_SEED: what is drawn, default a new seed each time.
 */
import { once } from 'node:events'
import type { VirtualClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { draw, drawsFor, KILLS, SEED } from './chaos-seed.fixture.ts'
import {
  ITEMS,
  readReport,
  stageOf,
  startItemRun,
  type Verdict,
  verdictOn,
  WORKERS,
} from './item-run.fixture.ts'
import { startLab } from './lab.fixture.ts'

/** Orchestrators, for each host. */
const ROUNDS = Math.ceil(KILLS / 10)
const HOSTS = ['thread', 'process'] as const

type Moment = { commands: number } | { failpoint: string }

const STEPS = [
  // As it begins: there may be no run yet that could be resumed.
  [
    'run.begin.no-journal=kill',
    'run.begin.journal=kill',
    'supervisor.broker.launching=kill',
    'supervisor.broker.ready=kill',
    'run.worker.spawned=kill',
    `run.worker.spawned=kill@${WORKERS}`,
    'run.worker.started=kill',
    `run.worker.started=kill@${WORKERS}`,
  ],
  // As it ends, from the first worker that does.
  [
    'run.attempt.ended=kill',
    `run.attempt.ended=kill@${WORKERS}`,
    'run.worker.ended=kill',
    `run.worker.ended=kill@${WORKERS}`,
    'run.closing=kill',
    'run.closed=kill',
  ],
  // As it writes its report.
  ['run.report.to-be-written=kill', 'run.report.for-programs=kill', 'run.report.written=kill'],
]

it.each(HOSTS)(
  `a run whose orchestrator is killed at any moment is resumed, and does each item once (host %s): ${ROUNDS} kills`,
  { timeout: 120_000 + ROUNDS * 40_000 },
  async (host) => {
    const random = drawsFor(SEED, HOSTS.indexOf(host))
    for (let kill = 1; kill <= ROUNDS; kill++) {
      const moment = drawMoment(random)
      const verdict = await killAndResume(host, moment)
      // What a worker was doing when everything was killed may be of unknown outcome, and nothing else.
      expect(
        verdict,
        `NAC_BROKER_CHAOS_SEED=${SEED}, kill ${kill}, ${JSON.stringify(moment)}`,
      ).toEqual({ violations: [], unknown: [...new Set(verdict.unknown)] })
    }
  },
)

/** Half of them at work. */
function drawMoment(random: VirtualClock): Moment {
  const steps = STEPS[draw(random, 0, STEPS.length * 2)]
  if (!steps) return { commands: draw(random, 1, WORKERS * ITEMS) }
  return { failpoint: steps[draw(random, 0, steps.length)] ?? '' }
}

async function killAndResume(host: string, moment: Moment): Promise<Verdict> {
  await using lab = await startLab({ devices: 1, latencyMs: 10 })
  const config = `broker: {host: ${host}}`
  const failpoint = 'failpoint' in moment ? moment.failpoint : undefined
  const first = await startItemRun(lab, config, { failpoint })
  const exited = once(first, 'exit')
  if ('commands' in moment) {
    await Promise.race([lab.commands(moment.commands), exited])
    first.kill('SIGKILL')
  }
  const [, signal] = (await exited) as [number | null, NodeJS.Signals | null]
  const stage = await stageOf(lab)
  // Where nothing has begun there is nothing to resume.
  const resuming = await startItemRun(lab, config, { resume: stage !== 'not begun' })
  const [code] = (await once(resuming, 'exit')) as [number | null]
  const { resumed = 0 } = await readReport(lab)
  const { violations, unknown } = await verdictOn(lab, code)
  if (failpoint !== undefined && signal !== 'SIGKILL') violations.push('it was not killed')
  if (resumed !== (stage === 'interrupted' ? 1 : 0)) violations.push(`resumed ${resumed} times`)
  return { violations, unknown }
}
