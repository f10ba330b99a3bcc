import type { Device } from '@nac-broker/devices'
import { BrokerError } from '@nac-broker/protocol'
import { type Call, withSent } from '../call.ts'
import { DirectSession, type DirectSessionOptions } from './direct-session.ts'
import { Job, type Work } from './job.ts'

export interface LaneOptions extends DirectSessionOptions {
  /** One command on the device; then its session is destroyed. */
  commandTimeoutMs: number
}

type State =
  | { kind: 'idle' }
  /** There is no session yet; aborting ends the wait for a slot. */
  | { kind: 'waiting'; nobodyWaits: AbortController }
  | { kind: 'busy' }
  | { kind: 'closed'; error: BrokerError }

/** One device, reached directly: the calls for it, one after the other, on one session. */
export class DirectLane {
  readonly #device: Device
  readonly #options: LaneOptions
  readonly #session: DirectSession
  readonly #queue: Job<unknown>[] = []
  #state: State = { kind: 'idle' }
  #serving: Promise<void> = Promise.resolve()

  constructor(device: Device, options: LaneOptions) {
    this.#device = device
    this.#options = options
    this.#session = new DirectSession(device, options)
  }

  /**
   * Does `work` on the session when its turn has come.
   * @throws {BrokerError} what it throws; as `openSession`; `SESSION_LIMIT` naming who holds the slots
   */
  async run<Value>(call: Call, work: Work<Value>): Promise<Value> {
    const closed = this.#closedWith()
    if (closed) throw closed
    const { clock, commandTimeoutMs } = this.#options
    const attemptsBefore = call.attempts
    const job = new Job(work, commandTimeoutMs, clock)
    this.#queue.push(job as Job<unknown>)
    if (this.#state.kind === 'idle') this.#serving = this.#serve()
    try {
      return await call.wait(job.result, {
        waitingFor: `device "${this.#device.name}"`,
        sent: () => (call.attempts > attemptsBefore ? 'yes' : 'no'),
      })
    } catch (error) {
      const sent = call.attempts > attemptsBefore ? 'yes' : 'no'
      job.abandon()
      const isLate = error instanceof BrokerError && error.code === 'DEADLINE_EXCEEDED'
      const why =
        this.#withdraw(job as Job<unknown>) && isLate ? await this.#session.whyNone() : undefined
      const closedMeanwhile = this.#closedWith()
      throw closedMeanwhile ? withSent(closedMeanwhile, sent) : (why ?? error)
    }
  }

  disconnect(): Promise<void> {
    return this.#session.disconnect(this.#state.kind === 'busy')
  }

  async close(error: BrokerError): Promise<void> {
    const before = this.#state
    this.#state = { kind: 'closed', error }
    if (before.kind === 'waiting') before.nobodyWaits.abort(error)
    for (const job of this.#queue.splice(0)) job.fail(error)
    await this.#session.close(error)
    await this.#serving
  }

  async #serve(): Promise<void> {
    while (this.#queue.length > 0 && this.#state.kind !== 'closed') await this.#serveNext()
    if (this.#state.kind === 'closed') return
    this.#state = { kind: 'idle' }
    this.#session.rest()
  }

  async #serveNext(): Promise<void> {
    const nobodyWaits = new AbortController()
    this.#state = { kind: 'waiting', nobodyWaits }
    try {
      const session = await this.#session.acquire(nobodyWaits.signal)
      if (!this.#isWaiting()) return
      this.#state = { kind: 'busy' }
      const job = this.#queue.shift()
      if (!job) return
      await job.start(session)
      await this.#session.used()
    } catch (error) {
      // An aborted wait has nobody to tell.
      if (!nobodyWaits.signal.aborted) for (const job of this.#queue.splice(0)) job.fail(error)
    }
  }

  /** False once closed. */
  #isWaiting(): boolean {
    return this.#state.kind === 'waiting'
  }

  #closedWith(): BrokerError | undefined {
    return this.#state.kind === 'closed' ? this.#state.error : undefined
  }

  /** True if it was still to begin. */
  #withdraw(job: Job<unknown>): boolean {
    const at = this.#queue.indexOf(job)
    if (at < 0) return false
    this.#queue.splice(at, 1)
    if (this.#queue.length === 0 && this.#state.kind === 'waiting') this.#state.nobodyWaits.abort()
    return true
  }
}
