import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { systemClock } from '@nac-broker/supervisor'
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
  { jobs, onVerdict }: { jobs: number; onVerdict: (verdict: Verdict) => void },
): Promise<void> {
  const waiting = asked[Symbol.iterator]()
  const work = async (): Promise<void> => {
    let runner: ChildProcess | undefined
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      if (!runner?.connected)
        runner = fork(RUNNER, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      onVerdict(await verdictOf(runner, next.value))
    }
    if (!runner?.connected) return
    runner.disconnect()
    await once(runner, 'exit')
  }
  await Promise.all(Array.from({ length: jobs }, work))
}

async function verdictOf(runner: ChildProcess, asked: Asked): Promise<Verdict> {
  const over = new AbortController()
  const { signal } = over
  const startedMs = systemClock.now()
  const told = once(runner, 'message', { signal }).then(([verdict]) => verdict as Verdict)
  const ended = once(runner, 'exit', { signal }).then(
    ([code, why]) => `its process ended with ${why ?? code}`,
  )
  const hangsMs = asked.simulated ? SIMULATED_HANGS_MS : HANGS_MS
  const hung = systemClock.sleep(hangsMs, signal).then(() => `it is not over after ${hangsMs} ms`)
  for (const one of [told, ended, hung]) one.catch(() => {})
  runner.send(asked)
  const verdict = await Promise.race([told, ended, hung])
  over.abort()
  if (typeof verdict !== 'string') return verdict
  runner.kill('SIGKILL')
  return verdictWithoutEvidence(asked, verdict, systemClock.now() - startedMs)
}
