import type { Clock } from './clock.ts'

export interface BackoffOptions {
  /** No delay is shorter than this, in milliseconds. Default 0. */
  minMs?: number
  /** Upper bound of the first delay, in milliseconds. */
  firstMs: number
  /** Upper bound of every delay, in milliseconds. */
  maxMs: number
}

/**
 * Exponential backoff with full jitter: the n-th delay is uniform in
 * [minMs, min(maxMs, firstMs * 2^n)).
 * Full jitter because it spreads callers that failed together best (AWS Architecture Blog,
 * "Exponential Backoff And Jitter").
 */
export class Backoff {
  readonly #clock: Clock
  readonly #options: BackoffOptions
  #failures = 0

  constructor(clock: Clock, options: BackoffOptions) {
    this.#clock = clock
    this.#options = options
  }

  /** Failures since the last reset. */
  get failures(): number {
    return this.#failures
  }

  /** Counts one more failure and returns how long to wait because of it, in milliseconds. */
  nextDelayMs(): number {
    const { minMs = 0, firstMs, maxMs } = this.#options
    const bound = Math.min(maxMs, firstMs * 2 ** this.#failures)
    this.#failures++
    return minMs + this.#clock.random() * Math.max(0, bound - minMs)
  }

  reset(): void {
    this.#failures = 0
  }
}
