import { type Clock, systemClock } from './clock.ts'
import { EventLimit, type EventLimitOptions } from './event-limit.ts'
import { isLive, transition, type UnitSign, type UnitState } from './unit-state.ts'

/** Something that lives and may die: a worker, a connection, whatever a run depends on. */
export interface Unit {
  /** No other unit of the detector has it. */
  readonly name: string
  readonly kind: string
}

export type UnitStatus = Unit & UnitState

/** `folded`: so many changes before this one were not told, because they came too fast. */
export type UnitEvent = UnitStatus & { readonly folded?: number }

/** What a watcher says of its unit; once it is cancelled, nothing it says counts. */
export interface WatchedUnit {
  ready(): void
  fail(cause: string): void
}

/** Begins to watch; returns what ends that. Neither may throw. */
export type Watcher = (unit: WatchedUnit) => () => void

export interface FailureDetectorOptions {
  /** Called at once with each change; it must not throw. */
  onEvent: (event: UnitEvent) => void
  /** Of one unit. Failures have a limit of their own, of the same size. Default: 10 in 1 s. */
  limit?: EventLimitOptions | undefined
  clock?: Clock | undefined
}

interface Tracked {
  readonly unit: Unit
  readonly events: EventLimit<UnitStatus>
  state: UnitState
  watch: Watcher | undefined
  /** Ends the watching, while there is any. */
  cancel: (() => void) | undefined
}

/**
 * Knows how each unit fares, and tells once, with the cause, when one dies. It is told by who knows
 * first (`fail`), or by a watcher, which is attached when the unit becomes live and cancelled when it no
 * longer is. The death of a unit that was told to stop is its stop, not a failure.
 */
export class FailureDetector {
  readonly #options: FailureDetectorOptions
  readonly #clock: Clock
  readonly #limit: EventLimitOptions
  readonly #units = new Map<string, Tracked>()

  constructor(options: FailureDetectorOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#limit = options.limit ?? { maxEvents: 10, withinMs: 1_000 }
  }

  /** A unit begins, or begins anew when it was over; one that is live goes on as it is. */
  start(unit: Unit, watch?: Watcher): void {
    const tracked = this.#units.get(unit.name) ?? this.#track(unit)
    tracked.watch = watch
    this.#take(tracked, { sign: 'starting' })
  }

  /** A sign that comes too late, or of a unit that was never started, is passed over. */
  tell(name: string, sign: Exclude<UnitSign['sign'], 'starting' | 'failed'>): void {
    const tracked = this.#units.get(name)
    if (tracked) this.#take(tracked, { sign })
  }

  /** The unit is dead. `cause` is one line for people: what happened to it. */
  fail(name: string, cause: string): void {
    const tracked = this.#units.get(name)
    if (tracked) this.#take(tracked, { sign: 'failed', cause })
  }

  /** Every unit that was ever started, the first one first. */
  status(): UnitStatus[] {
    return [...this.#units.values()].map(({ unit, state }) => ({ ...unit, ...state }))
  }

  /** Ends all watching and tells what was held back; the units are left as they are. */
  [Symbol.dispose](): void {
    for (const tracked of this.#units.values()) {
      cancelWatch(tracked)
      tracked.events.flush()
    }
    this.#units.clear()
  }

  #track(unit: Unit): Tracked {
    const tell = (status: UnitStatus, folded: number): void => {
      this.#options.onEvent(folded > 0 ? { ...status, folded } : status)
    }
    const events = new EventLimit(tell, { ...this.#limit, clock: this.#clock })
    const state: UnitState = { state: 'stopped' }
    const tracked: Tracked = { unit, events, state, watch: undefined, cancel: undefined }
    this.#units.set(unit.name, tracked)
    return tracked
  }

  #take(tracked: Tracked, sign: UnitSign): void {
    const before = tracked.state
    const after = transition(before, sign)
    if (!after) return
    tracked.state = after
    if (isLive(before) && !isLive(after)) cancelWatch(tracked)
    tracked.events.add({ ...tracked.unit, ...after }, after.state === 'failed' ? 'urgent' : 'usual')
    // Whoever was told may have changed the state already.
    if (!isLive(before) && isLive(after) && tracked.state === after) this.#watch(tracked)
  }

  #watch(tracked: Tracked): void {
    if (!tracked.watch) return
    let attached = true
    let cancel = (): void => {}
    tracked.cancel = () => {
      attached = false
      cancel()
    }
    cancel = tracked.watch({
      ready: () => attached && this.#take(tracked, { sign: 'ready' }),
      fail: (cause) => attached && this.#take(tracked, { sign: 'failed', cause }),
    })
    // It may have failed at once, before there was anything to cancel.
    if (!attached) cancel()
  }
}

function cancelWatch(tracked: Tracked): void {
  const { cancel } = tracked
  tracked.cancel = undefined
  cancel?.()
}
