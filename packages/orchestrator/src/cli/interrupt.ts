import { systemClock } from '@nac-broker/supervisor'
import { Interruption, type StopSignal } from '../interruption.ts'

export interface Interrupt extends Disposable {
  /** Aborted by the first SIGINT or SIGTERM, with an `Interruption` as its reason. */
  readonly signal: AbortSignal
  /** Aborted by the second. */
  readonly hurry: AbortSignal
}

/** From now on SIGINT and SIGTERM end this process in good order, not at once. */
export function onInterrupt(): Interrupt {
  const first = new AbortController()
  const second = new AbortController()
  const listener = (name: StopSignal): void => {
    if (first.signal.aborted) second.abort(new Interruption(name))
    else first.abort(new Interruption(name))
  }
  process.on('SIGINT', listener).on('SIGTERM', listener)
  return {
    signal: first.signal,
    hurry: second.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', listener).off('SIGTERM', listener)
    },
  }
}

/** Resolves when the signal is aborted. Until then this process lives on, if there is nothing else to do. */
export async function aborted(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await systemClock.sleep(Number.POSITIVE_INFINITY, signal).catch(() => {})
}
