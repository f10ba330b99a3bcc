import { BrokerError } from '@nac-broker/protocol'
import { type Clock, withDeadline } from '@nac-broker/supervisor'

/**
 * Waits for one step of a login, within what is left of the time for all of it. `onTimeout` says what
 * was waited for. Only the waiting ends: whoever owns the step cleans up behind it.
 */
export type Within = <Value>(
  step: PromiseLike<Value>,
  onTimeout: (loginTimeoutMs: number) => BrokerError,
) => Promise<Value>

export interface LoginDeadlineOptions {
  device: string
  loginTimeoutMs: number
  signal: AbortSignal | undefined
  clock: Clock
}

/** The time for a login begins now. An abort of `signal` becomes `CANCELLED`. */
export function loginDeadline(options: LoginDeadlineOptions): Within {
  const { device, loginTimeoutMs, signal, clock } = options
  const endMs = clock.now() + loginTimeoutMs
  return async (step, onTimeout) => {
    try {
      return await withDeadline(step, {
        ms: endMs - clock.now(),
        onTimeout: () => onTimeout(loginTimeoutMs),
        signal,
        clock,
      })
    } catch (error) {
      if (!signal?.aborted || error instanceof BrokerError) throw error
      throw new BrokerError('CANCELLED', `${device}: the login was cancelled`, {
        device,
        cause: error,
      })
    }
  }
}
