import { BrokerError } from '@nac-broker/protocol'

/** What whoever asked for a broker is told when `signal` was aborted before there was one. */
export function cancelledStart(signal: AbortSignal | undefined): BrokerError {
  const cause: unknown = signal?.reason
  if (cause instanceof BrokerError) return cause
  return new BrokerError('CANCELLED', 'the broker was not wanted any more before it was ready', {
    cause,
  })
}
