import type { BrokerEvent, ErrorCode } from '@nac-broker/protocol'

/** How this client stands with its broker; the names are those of the states that it enters. */
export type LifecycleEvent =
  | { event: 'connecting' }
  | { event: 'ready'; generation: number }
  /** Nothing was heard of the broker for so long; `ready` follows when it is, `lost` when it is not. */
  | { event: 'suspect'; silentMs: number }
  | { event: 'lost'; code: ErrorCode; message: string }
  | { event: 'reconnecting' }
  /** Devices are reached without a broker from now on; the warning says what that costs. */
  | { event: 'direct'; warning: string }
  /** Every call is refused from now on. */
  | { event: 'aborted'; code: ErrorCode; message: string }
  | { event: 'closed'; code: ErrorCode; message: string }

/** What happens in the broker, in this client's own sessions once it is direct, and between the two. */
export type ClientEvent = BrokerEvent | LifecycleEvent
