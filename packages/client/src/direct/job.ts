import type { Session } from '@nac-broker/devices'
import type { Clock, Timer } from '@nac-broker/supervisor'

/** How long a command that nobody waits for any more may still use its session. */
const DRAIN_MS = 2_000

/** The session is the work's own until its promise settles. */
export type Work<Value> = (session: Session, turn: Turn) => Promise<Value>

export interface Turn {
  /** For whatever is run on the session. */
  readonly options: Parameters<Session['execute']>[1]
  /** Whether the caller still waits; if not, nothing more is to be sent. */
  isWanted(): boolean
}

type State =
  | { kind: 'queued' }
  | { kind: 'running' }
  /** Nobody waits for it any more. */
  | { kind: 'draining'; timer: Timer }
  | { kind: 'over' }

/** Something that needs the device's session for a while, and what comes of it. */
export class Job<Value> {
  readonly #work: Work<Value>
  readonly #commandTimeoutMs: number
  readonly #clock: Clock
  readonly #cut = new AbortController()
  readonly #result = Promise.withResolvers<Value>()
  #state: State = { kind: 'queued' }

  constructor(work: Work<Value>, commandTimeoutMs: number, clock: Clock) {
    this.#work = work
    this.#commandTimeoutMs = commandTimeoutMs
    this.#clock = clock
  }

  get result(): Promise<Value> {
    return this.#result.promise
  }

  /** Never rejects; the session may be used for something else when it resolves. */
  async start(session: Session): Promise<void> {
    this.#state = { kind: 'running' }
    const options = { timeoutMs: this.#commandTimeoutMs, signal: this.#cut.signal }
    const isWanted = (): boolean => this.#state.kind === 'running'
    try {
      this.#result.resolve(await this.#work(session, { options, isWanted }))
    } catch (error) {
      this.#result.reject(error)
    }
    this.#over()
  }

  fail(error: unknown): void {
    this.#result.reject(error)
    this.#over()
  }

  /** Nobody waits for the result any more: what is at the device has a while to end in. */
  abandon(): void {
    if (this.#state.kind !== 'running') return
    const timer = this.#clock.startTimer(DRAIN_MS, () => this.#cut.abort())
    this.#state = { kind: 'draining', timer }
  }

  #over(): void {
    if (this.#state.kind === 'draining') this.#state.timer.cancel()
    this.#state = { kind: 'over' }
  }
}
