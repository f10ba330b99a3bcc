import {
  superviseBroker,
  type SupervisedBroker,
  type SuperviseBrokerOptions,
} from '@nac-broker/broker'

/**
 * The run's broker, unless `signal` is aborted before it is ready: then nothing of it runs, and this rejects with
 * `CANCELLED`. Later the signal is none of its business: it is there until whoever uses it has ended.
 * @throws {BrokerError} as `superviseBroker`
 */
export async function startRunBroker(
  options: SuperviseBrokerOptions,
  signal: AbortSignal,
): Promise<SupervisedBroker> {
  const starting = new AbortController()
  const stop = (): void => starting.abort(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await superviseBroker({ ...options, signal: starting.signal })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
