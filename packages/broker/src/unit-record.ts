import type { RunStore } from '@nac-broker/run-store'
import type { SupervisedBrokerEvent } from './supervised-broker.ts'

/**
 * Writes into the run's store what becomes of units and what was decided, for who looks after a crash. Who
 * is busy or idle is not worth the room. A store that fails loses the record, and nothing else.
 */
export class UnitRecord {
  readonly #store: RunStore | undefined
  #written: Promise<unknown> = Promise.resolve()

  constructor(store: RunStore | undefined) {
    this.#store = store
  }

  take(event: SupervisedBrokerEvent): void {
    const store = this.#store
    if (!store || !isWorthKeeping(event)) return
    this.#written = this.#written.then(() => store.events.append(event)).catch(() => {})
  }

  /** Resolves when everything is written. */
  async settled(): Promise<void> {
    await this.#written
  }
}

function isWorthKeeping(event: SupervisedBrokerEvent): boolean {
  if (event.event === 'unit') return event.state !== 'busy' && event.state !== 'idle'
  return event.event === 'policy-decision'
}
