import { BrokerError } from '@nac-broker/protocol'

/** The right to have one session open. */
export interface SlotLease {
  release(): void
}

interface Waiter {
  grant(lease: SlotLease): void
}

/**
 * The global limit: how many sessions may be open, opening or not yet closed, over all devices.
 * First come first served. Whoever holds idle sessions is told when somebody waits.
 */
export class SessionSlots {
  readonly max: number
  #held = 0
  readonly #waiters: Waiter[] = []
  readonly #emptied: (() => void)[] = []
  readonly #onWanted: () => void

  /** `onWanted` is called whenever a waiter joins: a session should be given up if one can be. */
  constructor(max: number, onWanted: () => void) {
    this.max = max
    this.#onWanted = onWanted
  }

  get held(): number {
    return this.#held
  }

  /** How many wait for a slot. */
  get waiting(): number {
    return this.#waiters.length
  }

  /** @throws the signal's reason when it is aborted before there was a slot. */
  acquire(signal: AbortSignal): Promise<SlotLease> {
    signal.throwIfAborted()
    if (this.#held < this.max) return Promise.resolve(this.#lease())
    const { promise, resolve, reject } = Promise.withResolvers<SlotLease>()
    const onAbort = (): void => {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
      reject(signal.reason as Error)
    }
    const waiter: Waiter = {
      grant(lease) {
        signal.removeEventListener('abort', onAbort)
        resolve(lease)
      },
    }
    this.#waiters.push(waiter)
    signal.addEventListener('abort', onAbort, { once: true })
    this.#onWanted()
    return promise
  }

  /** Resolves when no slot is held: no session is open, opening or closing. */
  whenEmpty(): Promise<void> {
    if (this.#held === 0) return Promise.resolve()
    return new Promise((resolve) => this.#emptied.push(resolve))
  }

  #lease(): SlotLease {
    this.#held++
    let released = false
    return {
      release: () => {
        if (released) throw new BrokerError('INTERNAL', 'a session slot was released twice')
        released = true
        this.#held--
        const next = this.#waiters.shift()
        next?.grant(this.#lease())
        if (this.#held > 0) return
        for (const resolve of this.#emptied.splice(0)) resolve()
      },
    }
  }
}
