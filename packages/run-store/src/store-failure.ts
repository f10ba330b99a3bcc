import { BrokerError } from '@nac-broker/protocol'
import { RunStoreError } from './store-error.ts'

/** What callers are told of a store that refused something; other errors are returned as they are. */
export function asStoreError(error: unknown): unknown {
  if (!(error instanceof RunStoreError)) return error
  const { code, message } = error
  switch (code) {
    case 'STORE_UNAVAILABLE':
      return new BrokerError('STORE_UNAVAILABLE', message, { cause: error })
    case 'KEY_REUSED':
      return new BrokerError('INVALID_REQUEST', message, { cause: error })
    case 'KEY_TAKEN':
      return new BrokerError('OUTCOME_UNKNOWN', message, { sent: 'unknown', cause: error })
    case 'GENERATION_ENDED':
    case 'GENERATION_LIVE':
      return new BrokerError('INTERNAL', message, { cause: error })
  }
}
