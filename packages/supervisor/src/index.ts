/**
 * Keeping things alive. Knows nothing of devices or brokers.
 *
 *   clock           time and chance, injected everywhere
 *   virtual-clock   the same, driven by a test
 *   backoff         how long to wait after a failure
 *   deadline        how long to wait for an answer
 *   event-feed      a typed stream of events for readers of any speed
 */
export { Backoff, type BackoffOptions } from './backoff.ts'
export { type Clock, systemClock, type Timer } from './clock.ts'
export { type DeadlineOptions, withDeadline } from './deadline.ts'
export { EventFeed } from './event-feed.ts'
export { VirtualClock } from './virtual-clock.ts'
