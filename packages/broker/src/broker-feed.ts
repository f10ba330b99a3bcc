import type { BrokerEvent, CommandEvent } from '@nac-broker/protocol'
import { Batch, type Clock, EventFeed } from '@nac-broker/supervisor'

/** How long a command's event waits for others, and how many are told together at most. */
const COMMANDS = { waitMs: 100, maxItems: 500 }

const missed = (count: number): BrokerEvent => ({ event: 'missed', count })

/**
 * What happens in a broker. Commands are many, and an answer from the cache is to cost next to nothing:
 * they are told only to who listens to `all`, some while later and many at once. Everything else is told
 * as it happens, after the commands before it.
 */
export class BrokerFeed {
  readonly all = new EventFeed<BrokerEvent>(missed)
  readonly withoutCommands = new EventFeed<BrokerEvent>(missed)
  /** Undefined once nobody is told anything any more. */
  #commands: Batch<CommandEvent> | undefined
  #count = 0

  constructor(clock: Clock) {
    const tell = (events: CommandEvent[]): void => {
      for (const event of events) this.#emitToAll(event)
    }
    this.#commands = new Batch(tell, { ...COMMANDS, clock })
  }

  emit(event: BrokerEvent): void {
    if (event.event === 'command') return this.#commands?.add(event)
    this.#commands?.flush()
    this.#emitToAll(event)
    this.withoutCommands.emit(event)
  }

  /** A command is not told, as nobody listens. */
  passOver(): void {
    this.#count++
  }

  /** How many events there have been, told to somebody or not. */
  get count(): number {
    return this.#count
  }

  #emitToAll(event: BrokerEvent): void {
    this.#count++
    this.all.emit(event)
  }

  end(): void {
    this.#commands?.flush()
    this.#commands = undefined
    this.all.end()
    this.withoutCommands.end()
  }
}
