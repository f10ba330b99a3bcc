import type { RunStore } from '@nac-broker/run-store'
import { Backoff, type Clock } from '@nac-broker/supervisor'
import { endGroup } from './child-processes.ts'

const RETRY_DELAYS = { firstMs: 100, maxMs: 5_000 }

/**
 * Takes their rights away from generations that are over. One that could not be written down, as the store's
 * disk was full, is tried again with the next.
 */
export class Fence {
  readonly #store: RunStore
  readonly #clock: Clock
  readonly #over = new Set<number>()

  constructor(store: RunStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** For whoever has awaited its exit. @throws {RunStoreError} `STORE_UNAVAILABLE` */
  async end(generation: number): Promise<void> {
    this.#over.add(generation)
    await this.endAll()
  }

  /** Nobody may follow one that is not ended. @throws {RunStoreError} `STORE_UNAVAILABLE` */
  async endAll(): Promise<void> {
    for (const generation of this.#over) {
      // oxlint-disable-next-line no-await-in-loop -- one write after the other
      await end(this.#store, generation, this.#clock)
      this.#over.delete(generation)
    }
  }

  /** Until none is left: clients may wait for what it had. Rejects when `signal` is aborted. */
  async keepTrying(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(this.#clock, RETRY_DELAYS)
    while (this.#over.size > 0) {
      // oxlint-disable-next-line no-await-in-loop -- between two tries
      await this.#clock.sleep(backoff.nextDelayMs(), signal)
      // oxlint-disable-next-line no-await-in-loop
      await this.endAll().catch(() => {})
    }
  }
}

/** Ends what the generation's own end has left running first. */
async function end(store: RunStore, generation: number, clock: Clock): Promise<void> {
  const leases = await store.ledger.leases()
  const children = leases
    .filter(({ owner }) => owner.generation === generation)
    .flatMap(({ child }) => child ?? [])
  await Promise.all(children.map((child) => endGroup(child, clock)))
  await store.generations.end(generation)
}
