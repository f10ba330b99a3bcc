import { asBrokerError, BrokerError, type Outages } from '@nac-broker/protocol'
import { Backoff, type Clock } from '@nac-broker/supervisor'
import type { GivenUpWord } from './given-up-word.ts'
import type { BrokerLink } from './link.ts'

interface LinkAttempt {
  timeoutMs: number
  signal: AbortSignal
  /** What the broker is told of this client's past. */
  outages: Outages | undefined
}

export interface BrokerSearchOptions {
  /** @throws {BrokerError} why there is no link, or the signal's reason. */
  open: (attempt: LinkAttempt) => Promise<BrokerLink>
  /** What one attempt may take. */
  attemptMs: number
  outages: () => Outages | undefined
  clock: Clock
}

/** The first try is made at once. Full jitter, so that a thousand clients do not come all at once. */
export const RECONNECT_BACKOFF = { firstMs: 20, maxMs: 500 }

/**
 * A link that was lost before it was so old counts as an attempt that failed: the next one is not made at once. In
 * milliseconds.
 */
const LASTING_MS = 250

interface Search {
  withinMs: number
  signal: AbortSignal
  /** Whether what has failed so is tried again. */
  again: (error: BrokerError) => boolean
  word: GivenUpWord | undefined
}

/** Looks for the run's broker of now. Those that were replaced are not gone back to. */
export class BrokerSearch {
  readonly #options: BrokerSearchOptions
  /** Between links of which none lasts. */
  readonly #shortLived: Backoff
  #newest = 0
  #foundAtMs = -Infinity

  constructor(options: BrokerSearchOptions) {
    this.#options = options
    this.#shortLived = new Backoff(options.clock, RECONNECT_BACKOFF)
  }

  /**
   * Tries again, with jitter, for as long as there is time and `again` says so.
   * @throws {BrokerError} of the last try
   */
  async find({ withinMs, signal, again, word }: Search): Promise<BrokerLink> {
    const { clock, attemptMs, open, outages } = this.#options
    const endMs = clock.now() + withinMs
    const backoff = new Backoff(clock, RECONNECT_BACKOFF)
    for (;;) {
      try {
        const timeoutMs = Math.min(attemptMs, endMs - clock.now())
        return this.#accept(await open({ timeoutMs, signal, outages: outages() }))
      } catch (error) {
        signal.throwIfAborted()
        const delayMs = backoff.nextDelayMs()
        if (!again(asBrokerError(error)) || clock.now() + delayMs >= endMs) throw error
        if (word && (await word.says())) throw error
        await clock.sleep(delayMs, signal)
      }
    }
  }

  /** As `find`, when the link that was found last is lost. */
  async findNext(search: Search): Promise<BrokerLink> {
    const { clock } = this.#options
    if (clock.now() - this.#foundAtMs >= LASTING_MS) this.#shortLived.reset()
    else await clock.sleep(this.#shortLived.nextDelayMs(), search.signal)
    return this.find(search)
  }

  #accept(link: BrokerLink): BrokerLink {
    const { generation } = link.welcome
    if (generation < this.#newest) {
      const error = new BrokerError(
        'PROTOCOL_VIOLATION',
        `a broker of generation ${generation} answered, but the run had generation ${this.#newest} already`,
      )
      link.close(error)
      throw error
    }
    this.#newest = generation
    this.#foundAtMs = this.#options.clock.now()
    return link
  }
}
