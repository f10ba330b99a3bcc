import type { SupervisedBroker } from '@nac-broker/broker'
import { type DirectEvent, directEventSchema } from '@nac-broker/protocol'
import { openRunStore, type RunStore } from '@nac-broker/run-store'
import type { Clock } from '@nac-broker/supervisor'

/** How often the store is looked into once clients may have worked without a broker. */
const LOOK_MS = 1_000

/** Reads what clients without a broker wrote into the run's store. A store that fails has nothing. */
export class DirectEvents {
  readonly #path: string | null
  readonly #clock: Clock
  readonly #onEvent: (event: DirectEvent, atMs: number) => void
  #store: Promise<RunStore> | undefined
  #sequence: number
  #lastLook: Promise<void> = Promise.resolve()

  /** `after` is the last event of before the run was resumed; 0 for a new one. */
  constructor(
    path: string | null,
    { clock, after }: { clock: Clock; after: number },
    onEvent: (event: DirectEvent, atMs: number) => void,
  ) {
    this.#path = path
    this.#clock = clock
    this.#sequence = after
    this.#onEvent = onEvent
  }

  /** Reads what is new, after a look that is under way. */
  look(): Promise<void> {
    this.#lastLook = this.#lastLook.then(() => this.#read()).catch(() => {})
    return this.#lastLook
  }

  /**
   * Looks again and again from when a broker is lost, until the last one is closed: clients then go to the devices
   * themselves, or leave a checkpoint while they wait for the next.
   */
  async follow(broker: Pick<SupervisedBroker, 'events'>): Promise<void> {
    const over = new AbortController()
    let watching: Promise<void> | undefined
    for await (const { event } of broker.events()) {
      if (event === 'broker-lost') watching ??= this.#watch(over.signal)
    }
    over.abort()
    await watching
    await this.#lastLook
    await (await this.#store?.catch(() => undefined))?.close()
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look()
      await this.#clock.sleep(LOOK_MS, signal).catch(() => {})
    }
  }

  async #read(): Promise<void> {
    if (this.#path === null) return
    this.#store ??= openRunStore(this.#path, { clock: this.#clock })
    const store = await this.#store
    for (;;) {
      const { events } = await store.events.since(this.#sequence)
      if (events.length === 0) return
      for (const { sequence, wallTimeMs, told, event } of events) {
        this.#sequence = sequence
        if (told) continue
        const parsed = directEventSchema.safeParse(event)
        if (parsed.success) this.#onEvent(parsed.data, wallTimeMs)
      }
    }
  }
}
