export interface RestartIntensityOptions {
  /** This many restarts within the window are still tolerable. */
  maxRestarts: number
  /** Length of the sliding window, in milliseconds. */
  withinMs: number
}

/** Notices that something is restarted too often for restarting to be of any help. */
export class RestartIntensity {
  readonly #options: RestartIntensityOptions
  #restarts: readonly number[] = []

  constructor(options: RestartIntensityOptions) {
    this.#options = options
  }

  /**
   * Counts a restart at `now`, in milliseconds of a monotonic clock. True: with it there are more than
   * `maxRestarts` in the window, in which a restart that lies `withinMs` back no longer is.
   */
  exceededBy(now: number): boolean {
    const { maxRestarts, withinMs } = this.#options
    this.#restarts = [...this.#restarts.filter((at) => now - at < withinMs), now]
    return this.#restarts.length > maxRestarts
  }
}
