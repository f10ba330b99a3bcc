import type { RunStore } from '@nac-broker/run-store'
import { Batch, type Clock } from '@nac-broker/supervisor'
import type { SupervisedBrokerEvent } from './supervised-broker.ts'

/** Sessions and clients come by the hundred; a transaction for each would be in the way of the broker's own. */
const TOGETHER = { waitMs: 100, maxItems: 500 }

/**
 * Writes what happens into the run's store, for who looks after a crash. A store that fails loses the record,
 * and nothing else.
 */
export class EventRecord {
  readonly #batch: Batch<SupervisedBrokerEvent> | undefined
  #written: Promise<unknown> = Promise.resolve()

  constructor(store: RunStore | undefined, clock: Clock) {
    if (!store) return
    const write = ([first, ...others]: SupervisedBrokerEvent[]): void => {
      // The store's writes take turns: when this one is over, so are those before it.
      if (first) this.#written = store.events.appendTold(first, ...others).catch(() => {})
    }
    this.#batch = new Batch(write, { ...TOGETHER, clock })
  }

  take(event: SupervisedBrokerEvent): void {
    const when = writtenWhen(event)
    if (when === 'never') return
    this.#batch?.add(event)
    if (when === 'at once') this.#batch?.flush()
  }

  /** Resolves when everything is written. */
  async settled(): Promise<void> {
    this.#batch?.flush()
    await this.#written
  }
}

/** What has gone wrong, and what was decided, does not wait: the next thing to die may be this process. */
function writtenWhen(event: SupervisedBrokerEvent): 'at once' | 'soon' | 'never' {
  switch (event.event) {
    case 'unit':
      if (event.state === 'busy' || event.state === 'idle') return 'never'
      return event.state === 'failed' ? 'at once' : 'soon'
    case 'policy-decision':
    case 'listening':
    case 'broker-lost':
    case 'restarting':
    case 'fallback':
    case 'aborted':
      return 'at once'
    case 'session-opened':
    case 'session-closed':
    case 'login-failed':
    case 'client-joined':
    case 'client-left':
    case 'checkpoint':
    case 'draining':
    case 'missed':
      return 'soon'
    // As many as there are commands, or seconds: they would push out what is worth keeping.
    case 'command':
    case 'waiting':
      return 'never'
  }
}
