/** How long something has been in health, the time left out in which it was not; all in a clock's milliseconds. */
export class HealthyTime {
  #totalMs = 0
  /** Undefined while it is not in health. */
  #since: number | undefined

  constructor(now: number) {
    this.#since = now
  }

  at(now: number): number {
    return this.#totalMs + (this.#since === undefined ? 0 : now - this.#since)
  }

  /** It has not been in health since `at`. Without effect while that is known. */
  pause(at: number): void {
    // It may have been silent since before it was said to be in health.
    this.#totalMs = Math.max(0, this.at(at))
    this.#since = undefined
  }

  resume(at: number): void {
    this.#since ??= at
  }
}
