import { setTimeout as sleepFor } from 'node:timers/promises'

/** A timer that was started; hand it back to stop it. */
export interface Timer {
  cancel(): void
}

/**
 * Time and chance, injected, so that a test can drive them and a schedule can be replayed. Durations
 * are milliseconds. Real timers appear in this file alone.
 */
export interface Clock {
  /** Monotonic milliseconds with a fraction; the same for every process of this machine. */
  now(): number
  /** The calendar's time, for people. */
  wallTime(): Date
  /** Runs `callback` once after `delayMs`. It keeps the process alive, as setTimeout does. */
  startTimer(delayMs: number, callback: () => void): Timer
  /** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
  /** Uniform in [0, 1). */
  random(): number
}

/** setTimeout takes 31 bits of milliseconds (24 days). */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Beyond its range setTimeout fires at once, and below zero it also prints a warning. */
function timerDelay(delayMs: number): number {
  return Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS)
}

export const systemClock: Clock = {
  now: () => Number(process.hrtime.bigint()) / 1e6,
  wallTime: () => new Date(),
  startTimer(delayMs, callback) {
    const timer = setTimeout(callback, timerDelay(delayMs))
    return { cancel: () => clearTimeout(timer) }
  },
  async sleep(delayMs, signal) {
    try {
      await sleepFor(timerDelay(delayMs), undefined, signal ? { signal } : {})
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
  random: () => Math.random(),
}
