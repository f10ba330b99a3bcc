import type { DirectEvent } from '@nac-broker/protocol'
import type { RunStore } from '@nac-broker/run-store'
import { Batch, type Clock } from '@nac-broker/supervisor'

/** Commands come by the thousand; a transaction for each would be in the way of the other clients. */
const COMMANDS = { waitMs: 100, maxItems: 500 }

/**
 * Writes what happens into the run's store, where the orchestrator finds it. As well as can be: nothing
 * waits for it, and nothing fails of it.
 */
export class StoredEvents {
  #state: { kind: 'open'; batch: Batch<DirectEvent> } | { kind: 'ended' } = { kind: 'ended' }

  constructor(store: RunStore | undefined, clock: Clock) {
    if (!store) return
    const append = ([first, ...others]: DirectEvent[]): void => {
      if (first) void store.events.append(first, ...others).catch(() => {})
    }
    this.#state = { kind: 'open', batch: new Batch(append, { ...COMMANDS, clock }) }
  }

  add(event: DirectEvent): void {
    if (this.#state.kind === 'ended') return
    this.#state.batch.add(event)
    if (event.event !== 'command') this.#state.batch.flush()
  }

  /** What is there is on its way to the store, and nothing more will be. */
  end(): void {
    if (this.#state.kind === 'open') this.#state.batch.flush()
    this.#state = { kind: 'ended' }
  }
}
