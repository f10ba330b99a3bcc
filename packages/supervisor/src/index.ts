/**
 * Keeping things alive. Knows nothing of devices or brokers.
 *
 *   clock           time and chance, injected everywhere
 *   virtual-clock   the same, driven by a test
 *   backoff         how long to wait after a failure
 *   deadline        how long to wait for an answer; deadlines: for many of them
 *   failpoint       moments at which a test can make a process fail
 *   batch           what is cheaper to hand over together
 *   when-aborted    an AbortSignal to wait for
 *   event-feed      a typed stream of events for readers of any speed
 *
 *   supervision         what a supervised thing is given, what happens to it and how that ends
 *   restart-intensity   when restarting is of no help any more
 *   healthy-time        for how long something has been in health
 *   supervise           keeps one thing running
 *   process-signals     SIGTERM and SIGINT as an AbortSignal
 *   run-group           many things side by side, each under a supervision of its own
 *   liveness            whether a peer that answers probes is alive
 *
 *   unit-state          the states of what may die, and the one way from state to state
 *   failure-detector    how each unit fares, and who is told when one dies
 *   event-limit         what keeps a flapping unit from flooding who is told
 *   probe               watches what cannot tell of its death itself
 *
 * What makes a run, from the outside in: run-group -> supervise -> the caller's serve().
 */
export { Backoff, type BackoffOptions } from './backoff.ts'
export { Batch } from './batch.ts'
export { type Clock, systemClock, type Timer } from './clock.ts'
export { type DeadlineOptions, withDeadline } from './deadline.ts'
export { Deadlines, type Expiring } from './deadlines.ts'
export { EventFeed } from './event-feed.ts'
export type { EventLimitOptions } from './event-limit.ts'
export {
  FailureDetector,
  type FailureDetectorOptions,
  type Unit,
  type UnitEvent,
  type UnitStatus,
  type WatchedUnit,
  type Watcher,
} from './failure-detector.ts'
export { armFailpoints, failpoint } from './failpoint.ts'
export { LivenessCheck, type LivenessCheckOptions, type LivenessEvent } from './liveness.ts'
export { lookOnce, type ProbeAnswer, probing, type ProbeOptions } from './probe.ts'
export type { CaughtSignal } from './process-signals.ts'
export { RestartIntensity, type RestartIntensityOptions } from './restart-intensity.ts'
export {
  type GroupResult,
  type MemberResult,
  type MemberSpec,
  runGroup,
  type RunGroupOptions,
} from './run-group.ts'
export { supervise } from './supervise.ts'
export type {
  Crash,
  RestartPolicy,
  Serve,
  ServeRun,
  SuperviseOptions,
  SupervisionEvent,
  SupervisionResult,
} from './supervision.ts'
export { isLive, type LiveState, type UnitState } from './unit-state.ts'
export { VirtualClock } from './virtual-clock.ts'
export { whenAborted } from './when-aborted.ts'
