import { loginUnderWay, type Session } from '@nac-broker/devices'
import { asBrokerError, BrokerError, type Sent } from '@nac-broker/protocol'
import { type Clock, type Deadlines, type Expiring, failpoint } from '@nac-broker/supervisor'
import type { Call, CancelListener } from './call.ts'
import type { DeviceLane, Job } from './device-lane.ts'

/** What is to be executed. */
export interface FlightWork<Result> {
  /** Whether it may be executed again after its session was lost. */
  replayable: boolean
  run(session: Session): Promise<Result>
  /** Called once, when nobody can join any more. */
  onLanded?(): void
}

/** What all flights of a broker share. */
export interface FlightContext {
  clock: Clock
  /** Of whoever waits for one. */
  deadlines: Deadlines
  /** How long one may go on using its session when nobody waits for it any more. */
  drainTimeoutMs: number
}

type State =
  | { kind: 'queued' }
  | { kind: 'running'; epoch: number; session: Session }
  | { kind: 'landed' }

/** Of thousands that wait nothing else may be held: no closure of their own, no timer. */
class Waiter<Result> implements Expiring, CancelListener {
  readonly call: Call
  readonly #flight: Flight<Result>
  readonly resolve: (result: Result) => void
  readonly reject: (error: Error) => void

  constructor(
    flight: Flight<Result>,
    call: Call,
    { resolve, reject }: Pick<Waiter<Result>, 'resolve' | 'reject'>,
  ) {
    this.#flight = flight
    this.call = call
    this.resolve = resolve
    this.reject = reject
  }

  get deadlineMs(): number {
    return this.call.deadlineMs
  }

  expire(): void {
    this.#flight.leave(this, this.#flight.deadlineError())
  }

  onCancelled({ message }: BrokerError): void {
    this.#flight.leave(this, this.#flight.cancelledError(message))
  }
}

/**
 * One execution that one or more callers wait for. A waiter that leaves, by its deadline or because
 * it was cancelled, only leaves: the execution lives as long as its last waiter. Then, if it was not
 * begun, it never is; if it was, it has `drainTimeoutMs` to finish before its session is destroyed.
 */
export class Flight<Result> implements Job {
  readonly client: number
  readonly #context: FlightContext
  readonly #lane: DeviceLane
  readonly #work: FlightWork<Result>
  #waiters: Waiter<Result>[] = []
  #state: State = { kind: 'queued' }
  #attempts = 0

  constructor(
    context: FlightContext,
    { lane, client, work }: { lane: DeviceLane; client: number; work: FlightWork<Result> },
  ) {
    this.#context = context
    this.#lane = lane
    this.client = client
    this.#work = work
  }

  /** Whether its result will be true of the device as it is now. */
  get joinable(): boolean {
    switch (this.#state.kind) {
      case 'queued':
        return true
      case 'running':
        return this.#state.epoch === this.#lane.epoch
      case 'landed':
        return false
    }
  }

  /**
   * Waits for the result together with the others.
   * @throws {BrokerError} `DEADLINE_EXCEEDED` or `SESSION_LIMIT` at the call's deadline, `CANCELLED`,
   * or what the execution failed of.
   */
  join(call: Call): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const waiter = new Waiter(this, call, { resolve, reject })
    call.whenCancelled(waiter)
    this.#context.deadlines.add(waiter)
    // Most have one waiter, and an array of one made so has room for no more.
    if (this.#waiters.length === 0) this.#waiters = [waiter]
    else this.#waiters.push(waiter)
    return promise
  }

  leave(waiter: Waiter<Result>, error: BrokerError): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter)
    this.#release(waiter)
    waiter.reject(error)
    if (this.#waiters.length === 0) this.#abandon()
  }

  #release(waiter: Waiter<Result>): void {
    this.#context.deadlines.delete(waiter)
    waiter.call.whenCancelled(undefined)
  }

  async start(session: Session): Promise<void> {
    const lane = this.#lane
    failpoint('broker.flight.starts')
    this.#state = { kind: 'running', epoch: lane.epoch, session }
    this.#attempts++
    try {
      this.#land((waiter, result) => waiter.resolve(result), await this.#work.run(session))
    } catch (caught) {
      const error = asBrokerError(caught, { device: session.device, sent: 'yes' })
      // Once: a device may have closed the session just when we used it.
      const again = error.code === 'SESSION_LOST' && this.#work.replayable && this.#attempts < 2
      if (again && this.#waiters.length > 0) {
        failpoint('broker.flight.again')
        this.#state = { kind: 'queued' }
        for (const { call } of this.#waiters) call.attempts++
        lane.submit(this)
      } else this.fail(error)
    }
  }

  fail(error: BrokerError): void {
    this.#land((waiter) => waiter.reject(error), undefined)
  }

  #land<Value>(settle: (waiter: Waiter<Result>, value: Value) => void, value: Value): void {
    failpoint('broker.flight.lands')
    this.#state = { kind: 'landed' }
    this.#work.onLanded?.()
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) {
      this.#release(waiter)
      settle(waiter, value)
    }
  }

  #abandon(): void {
    failpoint('broker.flight.abandoned')
    const { clock, drainTimeoutMs } = this.#context
    const state = this.#state
    switch (state.kind) {
      case 'queued':
        this.#state = { kind: 'landed' }
        this.#lane.withdraw(this)
        this.#work.onLanded?.()
        return
      case 'running':
        clock.startTimer(drainTimeoutMs, () => {
          // Somebody may have joined meanwhile, or it may have finished.
          if (this.#state === state && this.#waiters.length === 0) state.session.destroy()
        })
        return
      case 'landed':
        return
    }
  }

  /** A command is written in the same turn of the loop in which the flight starts. */
  get #sent(): Sent {
    return this.#state.kind === 'running' || this.#attempts > 0 ? 'yes' : 'no'
  }

  deadlineError(): BrokerError {
    const device = this.#lane.device.name
    const sent = this.#sent
    const why = sent === 'no' ? this.#lane.whyWaiting() : undefined
    if (why) {
      return new BrokerError('SESSION_LIMIT', `no session by the deadline: ${why.message}`, {
        device,
        cause: why,
      })
    }
    const message = `the deadline passed while ${sent === 'no' ? this.#awaited() : `waiting for the answer of "${device}"`}`
    return new BrokerError('DEADLINE_EXCEEDED', message, { device, sent })
  }

  /** What has not begun waits for this. */
  #awaited(): string {
    const { loggingIn, device } = this.#lane
    return loggingIn ? loginUnderWay(device) : `waiting for a session on "${device.name}"`
  }

  cancelledError(message: string): BrokerError {
    return new BrokerError('CANCELLED', message, {
      device: this.#lane.device.name,
      sent: this.#sent,
    })
  }
}
