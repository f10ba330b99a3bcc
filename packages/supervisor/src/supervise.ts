import { failpoint } from './failpoint.ts'
import { Backoff } from './backoff.ts'
import { type Clock, systemClock } from './clock.ts'
import { HealthyTime } from './healthy-time.ts'
import { RestartIntensity } from './restart-intensity.ts'
import type {
  Crash,
  RestartPolicy,
  Serve,
  SuperviseOptions,
  SupervisionEvent,
  SupervisionResult,
} from './supervision.ts'

type State =
  | { phase: 'new' }
  | { phase: 'starting'; attempt: number; startedAt: number }
  | { phase: 'ready'; attempt: number; startedAt: number; readyAt: number; healthy: HealthyTime }
  | { phase: 'crashed'; crash: Crash }
  | { phase: 'backing-off'; attempt: number; delayMs: number }
  | { phase: 'over'; result: SupervisionResult }

type RunEnd = { how: 'returned' } | { how: 'crashed'; error: unknown }

const RESTARTS_AFTER: Record<RestartPolicy, readonly RunEnd['how'][]> = {
  permanent: ['returned', 'crashed'],
  transient: ['crashed'],
  temporary: [],
}

/**
 * Runs `serve`, and runs it again when it crashes, until it returns, `options.signal` is aborted or
 * restarting does not help. Resolves only after the last run has settled; never rejects.
 */
export function supervise(
  name: string,
  serve: Serve,
  options: SuperviseOptions = {},
): Promise<SupervisionResult> {
  return new Supervision(name, serve, options).run()
}

class Supervision {
  readonly #name: string
  readonly #serve: Serve
  readonly #options: SuperviseOptions
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #backoff: Backoff
  readonly #intensity: RestartIntensity
  readonly #crashes: Crash[] = []
  #state: State = { phase: 'new' }

  constructor(name: string, serve: Serve, options: SuperviseOptions) {
    this.#name = name
    this.#serve = serve
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#signal = options.signal ?? new AbortController().signal
    this.#backoff = new Backoff(this.#clock, options.backoff ?? { firstMs: 100, maxMs: 5_000 })
    this.#intensity = new RestartIntensity(
      options.intensity ?? { maxRestarts: 5, withinMs: 30_000 },
    )
  }

  async run(): Promise<SupervisionResult> {
    let result = this.#cancelled()
    for (let attempt = 1; result === undefined; attempt++) {
      const end = await this.#runOnce(attempt)
      result = this.#judge(end) ?? (await this.#pauseBefore(attempt + 1))
    }
    this.#enter({ phase: 'over', result })
    return result
  }

  async #runOnce(attempt: number): Promise<RunEnd> {
    this.#enter({ phase: 'starting', attempt, startedAt: this.#clock.now() })
    const run = {
      attempt,
      ready: () => this.#becomeReady(attempt),
      unhealthy: (forMs = 0) => this.#healthOf(attempt)?.pause(this.#clock.now() - forMs),
      healthy: () => this.#healthOf(attempt)?.resume(this.#clock.now()),
    }
    // A signal of its own: listeners that a run leaves behind do not pile up on the caller's.
    const signal = AbortSignal.any([this.#signal])
    try {
      await this.#serve({ signal, ...run })
      return { how: 'returned' }
    } catch (error) {
      return { how: 'crashed', error }
    }
  }

  /** Without effect when its run is already ready, has ended or is being ended. */
  #becomeReady(attempt: number): void {
    const state = this.#state
    if (state.phase !== 'starting' || state.attempt !== attempt || this.#signal.aborted) return
    const readyAt = this.#clock.now()
    this.#enter({ ...state, phase: 'ready', readyAt, healthy: new HealthyTime(readyAt) })
  }

  /** Undefined where that run is not ready, or has ended. */
  #healthOf(attempt: number): HealthyTime | undefined {
    const state = this.#state
    return state.phase === 'ready' && state.attempt === attempt ? state.healthy : undefined
  }

  /** The result, when the run that has just settled was the last. */
  #judge(end: RunEnd): SupervisionResult | undefined {
    // Whatever a run does after it was told to end, it does because of that.
    if (this.#signal.aborted) return this.#cancelled(end)
    const state = this.#state
    const now = this.#clock.now()
    const healthyMs = state.phase === 'ready' ? state.healthy.at(now) : 0
    if (state.phase === 'ready' && healthyMs >= (this.#options.resetAfterMs ?? 30_000)) {
      this.#backoff.reset()
    }
    const readyMs = state.phase === 'ready' ? now - state.readyAt : undefined
    if (end.how === 'crashed') this.#recordCrash(end.error, readyMs)

    const crashes = this.#crashes
    if (!RESTARTS_AFTER[this.#options.restart ?? 'transient'].includes(end.how)) {
      return end.how === 'returned'
        ? { status: 'finished', crashes }
        : { status: 'escalated', because: 'temporary', crashes }
    }
    return this.#intensity.exceededBy(this.#clock.now())
      ? { status: 'escalated', because: 'restart-intensity', crashes }
      : undefined
  }

  #recordCrash(error: unknown, readyMs: number | undefined): void {
    const state = this.#state
    if (state.phase !== 'starting' && state.phase !== 'ready') return
    const { attempt, startedAt } = state
    const ranMs = this.#clock.now() - startedAt
    const crash: Crash = { attempt, error, at: this.#clock.wallTime(), ranMs, readyMs }
    this.#crashes.push(crash)
    this.#enter({ phase: 'crashed', crash })
  }

  /** The result, when the pause was cancelled. */
  async #pauseBefore(attempt: number): Promise<SupervisionResult | undefined> {
    failpoint('supervisor.backing-off')
    const delayMs = this.#backoff.nextDelayMs()
    this.#enter({ phase: 'backing-off', attempt, delayMs })
    try {
      await this.#clock.sleep(delayMs, this.#signal)
    } catch (error) {
      if (!this.#signal.aborted) throw error
    }
    return this.#cancelled()
  }

  #cancelled(end?: RunEnd): SupervisionResult | undefined {
    if (!this.#signal.aborted) return undefined
    const failed = end?.how === 'crashed' && !isOf(this.#signal, end.error)
    return {
      status: 'cancelled',
      crashes: this.#crashes,
      ...(failed && { failure: end.error }),
    }
  }

  #enter(state: State): void {
    this.#state = state
    const event = eventOf(state)
    if (event !== undefined) this.#options.onEvent?.({ name: this.#name, ...event })
  }
}

type Unnamed<Event> = Event extends unknown ? Omit<Event, 'name'> : never

function eventOf(state: State): Unnamed<SupervisionEvent> | undefined {
  switch (state.phase) {
    case 'new':
      return undefined
    case 'starting':
      return { event: state.attempt === 1 ? 'started' : 'restarted', attempt: state.attempt }
    case 'ready':
      return { event: 'ready', attempt: state.attempt }
    case 'crashed':
      return { event: 'crashed', crash: state.crash }
    case 'backing-off':
      return { event: 'backing-off', attempt: state.attempt, delayMs: state.delayMs }
    case 'over':
      return { event: state.result.status, result: state.result }
  }
}

/** Whether an error merely says that `signal` was aborted, as the platform says it or as we do. */
function isOf(signal: AbortSignal, error: unknown): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError')
}
