import type { RunStore } from '@nac-broker/run-store'
import type { Clock } from '@nac-broker/supervisor'

/** The supervisor's word that no other broker will follow. */
export interface GivenUpWord extends AsyncDisposable {
  /** False where nobody has said so, or nobody can tell. */
  says(): Promise<boolean>
  /** Whether it was found to. */
  readonly said: boolean
}

/** A restart is over before the first look; after that, a look costs a client microseconds. */
const LOOK_EVERY_MS = 400

/**
 * The word as the run's store has it, where a supervisor in another process leaves it. Undefined: there is
 * no store.
 */
export function storedWord(
  openStore: (() => Promise<RunStore>) | undefined,
  clock: Clock,
): GivenUpWord {
  let nextLookMs = clock.now() + LOOK_EVERY_MS
  let store: RunStore | undefined
  let said = false
  return {
    get said() {
      return said
    },
    async says() {
      if (!openStore || clock.now() < nextLookMs) return false
      nextLookMs = clock.now() + LOOK_EVERY_MS
      try {
        store ??= await openStore()
        said = await store.supervision.isOver()
        return said
      } catch {
        return false
      }
    },
    async [Symbol.asyncDispose]() {
      await store?.close()
    },
  }
}
