import type { BackoffOptions } from './backoff.ts'
import type { Clock } from './clock.ts'
import type { RestartIntensityOptions } from './restart-intensity.ts'

/** What one run of a supervised thing is given. */
export interface ServeRun {
  /** Aborted, with the canceller's reason, when the supervision is cancelled: end, then settle. */
  readonly signal: AbortSignal
  /** Counts the runs, from 1. */
  readonly attempt: number
  /** Says that it serves now, not merely that it was started; its healthy time counts from here. */
  ready(): void
  /**
   * Says that it does not serve: it does not answer, or is lost and being ended. `forMs` is for how long already, in
   * milliseconds, default 0. Its healthy time stands still until it is `healthy()` again.
   */
  unhealthy(forMs?: number): void
  /** Says that it serves again. */
  healthy(): void
}

/**
 * The supervised thing. Resolving is a clean return, rejecting or throwing a crash. It settles only
 * when all that it started has ended: the next run begins then.
 */
export type Serve = (run: ServeRun) => Promise<void>

/** `transient` restarts after a crash, `permanent` after a clean return as well, `temporary` never. */
export type RestartPolicy = 'permanent' | 'transient' | 'temporary'

export interface SuperviseOptions {
  /** Default `transient`. */
  restart?: RestartPolicy | undefined
  /** The pause before a restart. Default: 0 to 100 ms, the bound doubling up to 5 s. */
  backoff?: BackoffOptions | undefined
  /** After this long of being ready and healthy, in milliseconds, the backoff starts over. Default 30 s. */
  resetAfterMs?: number | undefined
  /** More restarts than this escalate. Default: more than 5 in 30 s. */
  intensity?: RestartIntensityOptions | undefined
  /** Cancels in any phase: a run is told and awaited, a pause ends at once, nothing is restarted. */
  signal?: AbortSignal | undefined
  clock?: Clock | undefined
  /** Called at once with everything that happens; it must not throw. */
  onEvent?: ((event: SupervisionEvent) => void) | undefined
}

export interface Crash {
  readonly attempt: number
  /** What the run rejected with or threw. */
  readonly error: unknown
  /** The calendar's time, for people. */
  readonly at: Date
  /** From the start of the run to its crash, in milliseconds. */
  readonly ranMs: number
  /** How much of that it was ready; undefined when it never was. */
  readonly readyMs: number | undefined
}

/** How a supervision ended; `crashes` is its whole history, oldest first. */
export type SupervisionResult =
  /** A clean return after which nothing is restarted. */
  | { readonly status: 'finished'; readonly crashes: readonly Crash[] }
  | {
      readonly status: 'cancelled'
      readonly crashes: readonly Crash[]
      /** What the run rejected with on its way out, unless that was the cancellation itself. */
      readonly failure?: unknown
    }
  /** Given up: what now is for the caller to decide. */
  | {
      readonly status: 'escalated'
      /** Too many restarts, or a crash of what is never restarted. */
      readonly because: 'restart-intensity' | 'temporary'
      readonly crashes: readonly Crash[]
    }

/** What happens to the supervised thing called `name`. Every run begins with `started` or `restarted`. */
export type SupervisionEvent = { readonly name: string } & (
  | { readonly event: 'started' | 'restarted' | 'ready'; readonly attempt: number }
  | { readonly event: 'crashed'; readonly crash: Crash }
  /** `attempt` is the one to come. */
  | { readonly event: 'backing-off'; readonly attempt: number; readonly delayMs: number }
  | {
      readonly event: 'finished' | 'cancelled' | 'escalated'
      readonly result: SupervisionResult
    }
)
