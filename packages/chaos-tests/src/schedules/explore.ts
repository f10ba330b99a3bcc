import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { type Clock, systemClock } from '@nac-broker/supervisor'
import { type Asked, type Verdict, verdictWithoutEvidence } from './run-one.ts'

const RUNNER = path.join(import.meta.dirname, 'runner.ts')
/** Everything in a schedule has a deadline: one that takes longer hangs. */
const HANGS_MS = 90_000
/** Nothing in it waits. */
const SIMULATED_HANGS_MS = 20_000

/**
 * Runs schedules, `jobs` at a time, each runner a process of its own. One that ends, or does not end, is
 * a violation too.
 */
export async function explore(
  asked: Iterable<Asked>,
  {
    jobs,
    onVerdict,
    clock = systemClock,
  }: {
    jobs: number
    onVerdict: (verdict: Verdict) => void
    /** Says when one hangs. */
    clock?: Pick<Clock, 'now' | 'sleep'>
  },
): Promise<void> {
  const waiting = asked[Symbol.iterator]()
  const work = async (): Promise<void> => {
    let runner: ChildProcess | undefined
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      runner ??= fork(RUNNER, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const verdict = await verdictOf(runner, next.value, clock)
      if (hasEnded(runner)) runner = undefined
      onVerdict(verdict)
    }
    if (!runner || hasEnded(runner)) return
    const exited = once(runner, 'exit')
    if (runner.connected) runner.disconnect()
    await exited
  }
  await Promise.all(Array.from({ length: jobs }, work))
}

/** Of one that has, `connected` may be true for a while. */
function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** The runner of one without evidence has ended by then. */
async function verdictOf(
  runner: ChildProcess,
  asked: Asked,
  clock: Pick<Clock, 'now' | 'sleep'>,
): Promise<Verdict> {
  const over = new AbortController()
  const { signal } = over
  const startedMs = clock.now()
  const told = once(runner, 'message', { signal }).then(([verdict]) => verdict as Verdict)
  const ended = once(runner, 'exit', { signal }).then(
    ([code, why]) => `its process ended with ${why ?? code}`,
  )
  const hangsMs = asked.simulated ? SIMULATED_HANGS_MS : HANGS_MS
  const hung = clock.sleep(hangsMs, signal).then(() => `it is not over after ${hangsMs} ms`)
  for (const one of [told, ended, hung]) one.catch(() => {})
  // One that cannot be told has ended, or is about to.
  runner.send(asked, () => {})
  const verdict = await Promise.race([told, ended, hung])
  over.abort()
  if (typeof verdict !== 'string') return verdict
  if (!hasEnded(runner)) {
    runner.kill('SIGKILL')
    await once(runner, 'exit')
  }
  return verdictWithoutEvidence(asked, verdict, clock.now() - startedMs)
}
