import pTimeout from 'p-timeout'
import { type Clock, systemClock, type Timer } from './clock.ts'

export interface DeadlineOptions {
  /** How long to wait, in milliseconds; zero and less is "already late", Infinity is for ever. */
  ms: number
  /** What to reject with when the time is up. */
  onTimeout: () => Error
  /** Ends the wait early, rejecting with the signal's reason. */
  signal?: AbortSignal | undefined
  clock?: Clock | undefined
}

/**
 * Waits for `promise`, but no longer than `ms` and no longer than `signal` lets it. Only the waiting
 * ends: whoever owns the work behind the promise stops that.
 */
export async function withDeadline<Value>(
  promise: PromiseLike<Value>,
  { ms, onTimeout, signal, clock = systemClock }: DeadlineOptions,
): Promise<Value> {
  return pTimeout(promise, {
    // p-timeout refuses zero; a platform's timer takes 1 ms at least anyway.
    milliseconds: Math.max(1, ms),
    fallback: () => {
      throw onTimeout()
    },
    customTimers: timersOf(clock),
    ...(signal && { signal }),
  })
}

/** p-timeout wants the two functions of the platform; the clock's timer is what they carry. */
function timersOf(clock: Clock): {
  setTimeout: typeof setTimeout
  clearTimeout: typeof clearTimeout
} {
  const start = (callback: () => void, ms: number): Timer => clock.startTimer(ms, callback)
  return {
    setTimeout: start as unknown as typeof setTimeout,
    clearTimeout: stop as unknown as typeof clearTimeout,
  }
}

function stop(timer: Timer): void {
  timer.cancel()
}
