import { systemClock } from '@nac-broker/supervisor'
import { Interruption, STOP_SIGNALS, type StopSignal } from '../interruption.ts'

export interface Interrupt extends Disposable {
  /** Aborted by the first SIGHUP, SIGINT or SIGTERM, with an `Interruption` as its reason. */
  readonly signal: AbortSignal
  /** Aborted by the next SIGINT or SIGTERM. */
  readonly hurry: AbortSignal
}

/** From now on SIGHUP, SIGINT and SIGTERM end this process in good order, not at once. */
export function onInterrupt(): Interrupt {
  const first = new AbortController()
  const second = new AbortController()
  const listener = (name: StopSignal): void => {
    if (!first.signal.aborted) first.abort(new Interruption(name))
    // A terminal that goes away says so twice, itself and through its shell: nobody is in a hurry.
    else if (name !== 'SIGHUP') second.abort(new Interruption(name))
  }
  for (const name of STOP_SIGNALS) process.on(name, listener)
  return {
    signal: first.signal,
    hurry: second.signal,
    [Symbol.dispose]() {
      for (const name of STOP_SIGNALS) process.off(name, listener)
    },
  }
}

/** Resolves when the signal is aborted. Until then this process lives on, if there is nothing else to do. */
export async function aborted(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await systemClock.sleep(Number.POSITIVE_INFINITY, signal).catch(() => {})
}
