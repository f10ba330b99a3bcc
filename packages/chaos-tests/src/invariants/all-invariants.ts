import { answersAreTrue } from './answers-are-true.ts'
import { atMostOnce } from './at-most-once.ts'
import { boundedMemory } from './bounded-memory.ts'
import { cacheIsFresh } from './cache-is-fresh.ts'
import { failuresHaveReasons } from './failures-have-reasons.ts'
import type { Invariant } from './invariant.ts'
import { noSecret } from './no-secret.ts'
import { nobodyElsesAnswer } from './nobody-elses-answer.ts'
import { nothingLeft } from './nothing-left.ts'
import { oneGeneration } from './one-generation.ts'
import { outcomesAreKept } from './outcomes-are-kept.ts'
import { recovers } from './recovers.ts'
import { restartsAsPromised } from './restarts-as-promised.ts'
import { sessionLimit } from './session-limit.ts'
import { settlesInTime } from './settles-in-time.ts'

export const INVARIANTS: readonly Invariant[] = [
  settlesInTime,
  atMostOnce,
  answersAreTrue,
  failuresHaveReasons,
  outcomesAreKept,
  nobodyElsesAnswer,
  cacheIsFresh,
  sessionLimit,
  recovers,
  nothingLeft,
  boundedMemory,
  oneGeneration,
  restartsAsPromised,
  noSecret,
]
