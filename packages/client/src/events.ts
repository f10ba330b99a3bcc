import type { BrokerEvent, LifecycleEvent } from '@nac-broker/protocol'

/** What happens in the broker, in this client's own sessions once it is direct, and between the two. */
export type ClientEvent = BrokerEvent | LifecycleEvent
