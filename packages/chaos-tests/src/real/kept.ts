import type { SupervisedBroker } from '@nac-broker/broker'
import type { Kept } from '../schedules/evidence.ts'
import type { Schedule } from '../schedules/schedule.ts'

/** Of so many calls that settle, at one. */
const EVERY = 3

/** What the broker keeps at most, of those moments at which it is asked. */
export class KeptWatch {
  readonly #broker: Pick<SupervisedBroker, 'status'>
  readonly #cacheMaxBytes: number
  readonly #callers: number
  #settled = 0
  #cacheBytes = 0
  #queued = 0

  constructor(
    broker: Pick<SupervisedBroker, 'status'>,
    { clients, devices }: Schedule,
    cacheMaxBytes: number,
  ) {
    this.#broker = broker
    this.#cacheMaxBytes = cacheMaxBytes
    // Each has one call at a time, as has, for each device, whoever asks last.
    this.#callers = clients.flat().length + devices
  }

  /** A call has settled. */
  settled(): void {
    // There may be no broker, or the one that is asked may die: then there is nothing to see.
    if (this.#settled++ % EVERY === 0) void this.#look().catch(() => {})
  }

  get kept(): Kept[] {
    return [
      { what: 'bytes in its cache', most: this.#cacheBytes, cap: this.#cacheMaxBytes },
      { what: 'commands in its queues', most: this.#queued, cap: this.#callers },
    ]
  }

  async #look(): Promise<void> {
    const { cache, devices } = await this.#broker.status()
    const queued = devices.reduce((sum, device) => sum + device.queued, 0)
    this.#cacheBytes = Math.max(this.#cacheBytes, cache.bytes)
    this.#queued = Math.max(this.#queued, queued)
  }
}
