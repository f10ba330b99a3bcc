import type { Clock, Timer } from './clock.ts'

/** A clock that stands still until it is advanced; its random numbers come from a seed. */
export class VirtualClock implements Clock {
  #now = 0
  #timers = new Set<{ at: number; callback: () => void }>()
  #seed: number

  constructor(seed = 1) {
    this.#seed = seed
  }

  now(): number {
    return this.#now
  }

  wallTime(): Date {
    return new Date(this.#now)
  }

  startTimer(delayMs: number, callback: () => void): Timer {
    const timer = { at: this.#now + Math.max(0, delayMs), callback }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const onAbort = (): void => {
        timer.cancel()
        reject(signal?.reason as Error)
      }
      const timer = this.startTimer(delayMs, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Mulberry32: small, and the same numbers everywhere for the same seed. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** Timers that would still fire. */
  get pending(): number {
    return this.#timers.size
  }

  /**
   * Time passes while nothing runs, as when the event loop is blocked or the process stopped: timers
   * that come due meanwhile fire late, with the next advance.
   */
  stall(ms: number): void {
    this.#now += ms
  }

  /** Fires, in order, every timer due within `ms`, letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (;;) {
      const due = [...this.#timers].filter((t) => t.at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.callback()
      await settle()
    }
    this.#now = end
  }
}

/** Lets every promise that can settle now do so: setImmediate runs after all microtasks. */
function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
