import type { ToldEvent } from '@nac-broker/protocol'
import { EventFeed, FailureDetector, systemClock } from '@nac-broker/supervisor'
import { EventRecord } from './event-record.ts'
import type { Parts, SupervisedBrokerEvent } from './supervised-broker.ts'
import { unitChange } from './unit-change.ts'

/** Whoever logs what it is told, and tells its own clients. */
type Told = (event: ToldEvent) => void

/** What happens to a run's broker, or is told by the run: to whoever listens, and into the run's store. */
export class BrokerNews {
  readonly #feed = new EventFeed<SupervisedBrokerEvent>((count) => ({ event: 'missed', count }))
  readonly #record: EventRecord
  readonly #parts: Parts
  readonly #broker: () => { tell: Told } | undefined
  /** The broker as a unit of the run. */
  readonly units: FailureDetector

  /** `broker` is the one of now, where there is one. */
  constructor(parts: Parts, broker: () => { tell: Told } | undefined) {
    const { store, options } = parts
    this.#parts = parts
    this.#broker = broker
    this.#record = new EventRecord(store, options.clock ?? systemClock)
    this.units = new FailureDetector({
      clock: options.clock,
      onEvent: (event) => this.tell(unitChange(event)),
    })
  }

  stream(): AsyncIterable<SupervisedBrokerEvent> {
    return this.#feed.stream()
  }

  /** What the broker knows already. */
  emit(event: SupervisedBrokerEvent): void {
    this.#feed.emit(event)
    this.#record.take(event)
    this.#parts.options.onEvent?.(event)
  }

  /** What the broker is to hear, too; it logs it together with its own. */
  tell(event: ToldEvent): void {
    this.emit(event)
    const broker = this.#broker()
    if (broker) broker.tell(event)
    else this.#parts.log.debug(event, event.event)
  }

  /** What was still to be told is told and recorded, and nothing more will be. */
  async end(): Promise<void> {
    this.units[Symbol.dispose]()
    this.#feed.end()
    await this.#record.settled()
  }
}
