import type { Clock, FailureDetector } from '@nac-broker/supervisor'
import type { Guard } from '../guard.ts'
import { withOurNode } from '../our-node.ts'
import { askCommand } from './ask-command.ts'
import { keepWatching } from './keep-watching.ts'
import type { WatchSpec } from './watch-spec.ts'

const DEFAULT_EVERY_MS = 5_000
/** A command has as long as its interval to answer, within these bounds, in milliseconds. */
const ANSWER_MS = { least: 1_000, most: 5_000 }

export interface WatchingOptions {
  detector: FailureDetector
  guard: Guard
  env: NodeJS.ProcessEnv
  clock: Clock
}

/** Watches until it is disposed of; no process of it is left then. */
export function startWatching(
  specs: readonly WatchSpec[],
  { detector, guard, env, clock }: WatchingOptions,
): AsyncDisposable {
  const over = new AbortController()
  const asked = new Set<Promise<unknown>>()
  const watching = specs.map((spec) => {
    const { name, everyMs = DEFAULT_EVERY_MS } = spec
    return keepWatching(name, {
      probe(signal) {
        const answer = askCommand(spec, { env: withOurNode(env), guard, clock, signal })
        const done = answer.catch(() => {}).finally(() => asked.delete(done))
        asked.add(done)
        return answer
      },
      everyMs,
      timeoutMs: Math.min(Math.max(everyMs, ANSWER_MS.least), ANSWER_MS.most),
      detector,
      signal: over.signal,
      clock,
    })
  })
  return {
    async [Symbol.asyncDispose]() {
      over.abort()
      await Promise.all([...watching, ...asked])
    },
  }
}
