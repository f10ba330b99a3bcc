import { type Clock, systemClock, type Timer } from './clock.ts'

/** `suspect`: a probe went unanswered for an interval; `alive`: and then the peer was heard. */
export interface LivenessEvent {
  readonly event: 'suspect' | 'alive' | 'lost'
  /** How long nothing was heard, in milliseconds, the time not counted in which we could not hear. */
  readonly silentMs: number
}

export interface LivenessCheckOptions {
  /** Sends the peer something that it answers at once. It must not throw. */
  probe: () => void
  /** It must not throw. After `lost` the detector has stopped. */
  onEvent: (event: LivenessEvent) => void
  /** From one probe to the next, in milliseconds. Default 500. */
  intervalMs?: number | undefined
  /** Silence after which the peer counts as lost, in milliseconds. Default 1500. */
  timeoutMs?: number | undefined
  clock?: Clock | undefined
}

/** The share of an interval in which a silent peer can still be heard when we were late ourselves. */
const LAST_LOOK = 0.1

interface Watch {
  health: 'alive' | 'suspect'
  /** When the peer was heard last. */
  silentSince: number
  /** The first probe since then. */
  unansweredSince: number | undefined
  probeAt: number
  /** When it is given up, if nothing is heard until then. */
  givenUpAt: number | undefined
  timer: Timer | undefined
}

/**
 * Judges whether a peer that answers probes is alive. It is lost when three things hold at once: a
 * probe is unanswered, nothing has been heard for `timeoutMs`, and we ourselves were there to hear it.
 * With the defaults a stall is noticed 1.25 to 1.8 s after it began, so that neither a stall of 1 s
 * nor a late timer of ours is taken for the end.
 */
export class LivenessCheck {
  readonly #options: LivenessCheckOptions
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #timeoutMs: number
  #watch: Watch | undefined
  #missed = 0

  constructor(options: LivenessCheckOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#intervalMs = options.intervalMs ?? 500
    this.#timeoutMs = options.timeoutMs ?? 1_500
  }

  /** Probes that were not answered before the next one was due, or at all. */
  get missed(): number {
    return this.#missed
  }

  /** Takes the peer for alive now; the first probe goes out after an interval. */
  start(): void {
    if (this.#watch !== undefined) return
    const now = this.#clock.now()
    this.#watch = {
      health: 'alive',
      silentSince: now,
      unansweredSince: undefined,
      probeAt: now + this.#intervalMs,
      givenUpAt: undefined,
      timer: undefined,
    }
    this.#schedule(this.#watch)
  }

  stop(): void {
    this.#watch?.timer?.cancel()
    this.#watch = undefined
  }

  /** Something came from the peer, be it an answer to a probe or not. */
  heard(): void {
    const watch = this.#watch
    if (watch === undefined) return
    const silentMs = this.#clock.now() - watch.silentSince
    countAnew(watch, this.#clock.now())
    if (watch.health === 'alive') return
    watch.health = 'alive'
    this.#options.onEvent({ event: 'alive', silentMs })
  }

  #schedule(watch: Watch): void {
    const dueAt = watch.givenUpAt ?? Math.min(watch.probeAt, this.#lostAt(watch))
    watch.timer = this.#clock.startTimer(dueAt - this.#clock.now(), () => this.#tick(watch, dueAt))
  }

  #tick(watch: Watch, dueAt: number): void {
    const now = this.#clock.now()
    // So late, we were blocked or stopped, and what the peer sent meanwhile has not been read yet.
    if (now - dueAt > this.#intervalMs / 2) countAnew(watch, now)

    const silentMs = now - watch.silentSince
    const isSilent = now >= this.#lostAt(watch)
    if (isSilent && now > dueAt && watch.givenUpAt === undefined) {
      // We were a little late ourselves: an answer may be there already, to be read after this timer.
      watch.givenUpAt = now + this.#intervalMs * LAST_LOOK
    } else if (isSilent) {
      this.stop()
      this.#missed++
      this.#options.onEvent({ event: 'lost', silentMs })
      return
    }
    if (!isSilent && now >= watch.probeAt) this.#probe(watch, now)
    // An event or a probe may have stopped us.
    if (this.#watch === watch) this.#schedule(watch)
  }

  #probe(watch: Watch, now: number): void {
    if (watch.unansweredSince !== undefined) this.#missed++
    if (watch.unansweredSince !== undefined && watch.health === 'alive') {
      watch.health = 'suspect'
      this.#options.onEvent({ event: 'suspect', silentMs: now - watch.silentSince })
      if (this.#watch !== watch) return
    }
    watch.probeAt = now + this.#intervalMs
    watch.unansweredSince ??= now
    this.#options.probe()
  }

  /**
   * Silence begins up to an interval before the probe that a stalled peer does not answer. Counted
   * from there alone, it would leave a peer that stalls just before the probe too little time; counted
   * from the probe, one that stalls just after its answer too much. This lies half-way.
   */
  #lostAt({ silentSince, unansweredSince }: Watch): number {
    if (unansweredSince === undefined) return Number.POSITIVE_INFINITY
    const patienceMs = Math.max(this.#timeoutMs - this.#intervalMs / 2, this.#timeoutMs / 2)
    return Math.max(silentSince + this.#timeoutMs, unansweredSince + patienceMs)
  }
}

function countAnew(watch: Watch, now: number): void {
  watch.silentSince = now
  watch.unansweredSince = undefined
  watch.givenUpAt = undefined
}
