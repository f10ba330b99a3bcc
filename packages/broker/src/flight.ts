import { loginUnderWay, type Session } from '@nac-broker/devices'
import { asBrokerError, BrokerError, type Sent } from '@nac-broker/protocol'
import { type Clock, failpoint } from '@nac-broker/supervisor'
import type { Call } from './call.ts'
import type { DeviceLane, Job } from './device-lane.ts'

/** What is to be executed. */
export interface FlightWork<Result> {
  /** Whether it may be executed again after its session was lost. */
  replayable: boolean
  run(session: Session): Promise<Result>
  /** Called once, when nobody can join any more. */
  onLanded?(): void
}

export interface FlightOptions<Result> extends FlightWork<Result> {
  lane: DeviceLane
  clock: Clock
  client: number
  /** How long it may go on using its session when nobody waits for it any more. */
  drainTimeoutMs: number
}

type State =
  | { kind: 'queued' }
  | { kind: 'running'; epoch: number; session: Session }
  | { kind: 'landed' }

interface Waiter<Result> {
  readonly call: Call
  resolve(result: Result): void
  reject(error: Error): void
}

/**
 * One execution that one or more callers wait for. A waiter that leaves, by its deadline or because
 * it was cancelled, only leaves: the execution lives as long as its last waiter. Then, if it was not
 * begun, it never is; if it was, it has `drainTimeoutMs` to finish before its session is destroyed.
 */
export class Flight<Result> implements Job {
  readonly client: number
  readonly #options: FlightOptions<Result>
  readonly #waiters = new Set<Waiter<Result>>()
  #state: State = { kind: 'queued' }
  #attempts = 0

  constructor(options: FlightOptions<Result>) {
    this.client = options.client
    this.#options = options
  }

  /** Whether its result will be true of the device as it is now. */
  get joinable(): boolean {
    switch (this.#state.kind) {
      case 'queued':
        return true
      case 'running':
        return this.#state.epoch === this.#options.lane.epoch
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
    const { clock } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    call.whenCancelled(({ message }) => leave(this.#cancelledError(message)))
    const leave = (error: BrokerError): void => {
      settled()
      reject(error)
      if (this.#waiters.size === 0) this.#abandon()
    }
    const timer = clock.startTimer(Math.max(0, call.deadlineMs - clock.now()), () =>
      leave(this.#deadlineError()),
    )
    const settled = (): void => {
      this.#waiters.delete(waiter)
      timer.cancel()
      call.whenCancelled(undefined)
    }
    const waiter: Waiter<Result> = {
      call,
      resolve(result) {
        settled()
        resolve(result)
      },
      reject(error) {
        settled()
        reject(error)
      },
    }
    this.#waiters.add(waiter)
    return promise
  }

  async start(session: Session): Promise<void> {
    const { lane, replayable } = this.#options
    failpoint('broker.flight.starts')
    this.#state = { kind: 'running', epoch: lane.epoch, session }
    this.#attempts++
    try {
      this.#land((waiter, result) => waiter.resolve(result), await this.#options.run(session))
    } catch (caught) {
      const error = asBrokerError(caught, { device: session.device, sent: 'yes' })
      // Once: a device may have closed the session just when we used it.
      const again = error.code === 'SESSION_LOST' && replayable && this.#attempts < 2
      if (again && this.#waiters.size > 0) {
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
    this.#options.onLanded?.()
    for (const waiter of this.#waiters) settle(waiter, value)
  }

  #abandon(): void {
    failpoint('broker.flight.abandoned')
    const { lane, clock, drainTimeoutMs } = this.#options
    const state = this.#state
    switch (state.kind) {
      case 'queued':
        this.#state = { kind: 'landed' }
        lane.withdraw(this)
        this.#options.onLanded?.()
        return
      case 'running':
        clock.startTimer(drainTimeoutMs, () => {
          // Somebody may have joined meanwhile, or it may have finished.
          if (this.#state === state && this.#waiters.size === 0) state.session.destroy()
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

  #deadlineError(): BrokerError {
    const device = this.#options.lane.device.name
    const sent = this.#sent
    const why = sent === 'no' ? this.#options.lane.whyWaiting() : undefined
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
    const { loggingIn, device } = this.#options.lane
    return loggingIn ? loginUnderWay(device) : `waiting for a session on "${device.name}"`
  }

  #cancelledError(message: string): BrokerError {
    return new BrokerError('CANCELLED', message, {
      device: this.#options.lane.device.name,
      sent: this.#sent,
    })
  }
}
