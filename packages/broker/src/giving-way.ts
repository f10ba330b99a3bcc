import type { RunStore } from '@nac-broker/run-store'
import { type Clock, type Timer, failpoint } from '@nac-broker/supervisor'
import type { Pool } from './pool.ts'

/** SQLite tells nobody who waits in the ledger, so somebody has to look. */
const LOOK_EVERY_MS = 250

/**
 * Gives sessions up that clients with direct connections wait for: a broker that has slept, and that its
 * clients took for lost, holds nobody up for long once it is awake.
 */
export class GivingWay {
  readonly #pool: Pool
  readonly #store: RunStore
  readonly #generation: number
  readonly #clock: Clock
  #timer: Timer
  #ended = false

  constructor(pool: Pool, store: RunStore, generation: number, clock: Clock) {
    this.#pool = pool
    this.#store = store
    this.#generation = generation
    this.#clock = clock
    this.#timer = this.#later()
  }

  end(): void {
    this.#ended = true
    this.#timer.cancel()
  }

  #later(): Timer {
    return this.#clock.startTimer(LOOK_EVERY_MS, () => void this.#look())
  }

  async #look(): Promise<void> {
    // A store that cannot be asked now is asked again the next time.
    const self = this.#store.ownerOf(this.#generation)
    const wanted = await this.#store.ledger.wants(self).catch(() => undefined)
    if (this.#ended) return
    failpoint('broker.giving-way')
    if (wanted) this.#pool.giveWay(wanted)
    this.#timer = this.#later()
  }
}
