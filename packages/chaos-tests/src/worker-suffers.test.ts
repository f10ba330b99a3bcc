import { once } from 'node:events'
import { expect, it } from 'vitest'
import { draw, drawsFor, KILLS, SEED } from './chaos-seed.fixture.ts'
import {
  ITEMS,
  startItemRun,
  type Verdict,
  verdictOn,
  workerPids,
  WORKERS,
} from './item-run.fixture.ts'
import { startLab } from './lab.fixture.ts'

/** Workers for each signal. */
const ROUNDS = Math.ceil(KILLS / 10)

/** One that is killed is run again soon; one that is stopped has been given up by the broker when it goes on. */
const CONFIG = `
broker: {heartbeat_interval_ms: 100, heartbeat_timeout_ms: 300}
distributed: {failure_policy: retry_once, agent_retry_delay_s: 0}`
/** Somebody's else reads, of 10 ms each, while a worker is stopped. */
const READS = 40

it.each(['SIGKILL', 'SIGSTOP'] as const)(
  `a worker that gets %s at any moment has each of its items done once in the end: ${ROUNDS} times`,
  { timeout: 120_000 + ROUNDS * 20_000 },
  async (signal) => {
    const random = drawsFor(SEED)
    for (let round = 1; round <= ROUNDS; round++) {
      const moment = draw(random, 1, WORKERS * ITEMS)
      const verdict = await suffer(signal, moment, draw(random, 0, WORKERS))
      // Its broker lives, and knows what became of each.
      const expected = { violations: [], unknown: [] }
      expect(verdict, `NAC_BROKER_CHAOS_SEED=${SEED}, round ${round}`).toEqual(expected)
    }
  },
)

/** A run of which one worker gets the signal when they have made that many changes. */
async function suffer(
  signal: 'SIGKILL' | 'SIGSTOP',
  moment: number,
  worker: number,
): Promise<Verdict> {
  await using lab = await startLab({ devices: 1, latencyMs: 10, maxSessions: 2 })
  const run = await startItemRun(lab, CONFIG)
  const exited = once(run, 'exit')
  // Not of what is asked before there are workers.
  await Promise.race([lab.commands(moment, /^write nonce/), exited])
  const pids = await workerPids(lab)
  const pid = pids[worker % pids.length]
  // As a pid, 0 is our own process group.
  if (pid === undefined) throw new Error('no worker was started')
  send(pid, signal)
  if (signal === 'SIGSTOP') {
    const reader = await lab.client()
    for (let read = 0; read < READS; read++)
      await reader.execute('sim-1', 'show nonce pace', { cache: false })
    send(pid, 'SIGCONT')
  }
  const [code] = (await exited) as [number | null]
  return await verdictOn(lab, code)
}

/** One that has just ended gets nothing. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
