import type { BrokerClient } from '@nac-broker/client'
import type { UnitChange } from '@nac-broker/protocol'

/** What is told of one unit, for who waits for it to come to a state. */
export class UnitWatch {
  readonly seen: UnitChange[] = []
  readonly #events: AsyncIterator<{ event: string }>
  readonly #unit: string

  constructor(events: AsyncIterable<{ event: string }>, unit: string) {
    this.#events = events[Symbol.asyncIterator]()
    this.#unit = unit
  }

  /** Resolves when nothing more can be missed. */
  static async subscribe(client: BrokerClient, unit: string): Promise<UnitWatch> {
    const events = client.events()
    await events.next()
    return new UnitWatch(events, unit)
  }

  get states(): string[] {
    return this.seen.map(({ state }) => state)
  }

  /** The next time that it comes to this state. */
  async until(state: UnitChange['state']): Promise<UnitChange> {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { value, done } = await this.#events.next()
      if (done === true) throw new Error(`no more events; ${this.#unit} was ${this.states.join()}`)
      const event = value as UnitChange
      if (event.event !== 'unit' || event.unit !== this.#unit) continue
      this.seen.push(event)
      if (event.state === state) return event
    }
  }
}
