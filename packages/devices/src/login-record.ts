import { BrokerError } from '@nac-broker/protocol'
import { Backoff, type Clock } from '@nac-broker/supervisor'

/** A wrong password tried again and again locks accounts, hence the floor. */
const LOGIN_BACKOFF = { minMs: 1_000, firstMs: 2_000, maxMs: 60_000 }
/** A device frees a line some time after a session ended, and a full disk may be freed: try again soon. */
const SOON_BACKOFF = { minMs: 100, firstMs: 250, maxMs: 2_000 }

/** Why logging in is not tried for a while. */
export interface LoginPause {
  remainingMs: number
  error: BrokerError
  /** It may pass by itself soon, as when all lines were taken: whoever waits may go on waiting. */
  worthWaiting: boolean
}

/** How logging in to one device has fared, and when it may be tried again. */
export class LoginRecord {
  readonly #clock: Clock
  readonly #login: Backoff
  readonly #soon: Backoff
  #pause: { untilMs: number; error: BrokerError } | undefined
  #lastError: BrokerError | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#login = new Backoff(clock, LOGIN_BACKOFF)
    this.#soon = new Backoff(clock, SOON_BACKOFF)
  }

  /** What went wrong last with this device, until a login succeeds. */
  get lastError(): BrokerError | undefined {
    return this.#lastError
  }

  /** Undefined when logging in may be tried. */
  get pause(): LoginPause | undefined {
    if (!this.#pause) return undefined
    const { untilMs, error } = this.#pause
    const remainingMs = untilMs - this.#clock.now()
    if (remainingMs > 0) return { remainingMs, error, worthWaiting: isWorthWaiting(error) }
    this.#pause = undefined
    return undefined
  }

  succeeded(): void {
    this.#login.reset()
    this.#soon.reset()
    this.#pause = undefined
    this.#lastError = undefined
  }

  failed(error: BrokerError): LoginPause {
    const worthWaiting = isWorthWaiting(error)
    const remainingMs = (worthWaiting ? this.#soon : this.#login).nextDelayMs()
    this.#lastError = error
    this.#pause = { untilMs: this.#clock.now() + remainingMs, error }
    return { remainingMs, error, worthWaiting }
  }

  /** A session was lost: no reason not to log in again. */
  lost(error: BrokerError): void {
    this.#lastError = error
  }
}

/** What whoever wants to log in meanwhile is told. */
export function refusedMeanwhile({ remainingMs, error }: LoginPause): BrokerError {
  const seconds = (remainingMs / 1000).toFixed(1)
  const message = `${error.message} (not tried again for another ${seconds} s)`
  const { code, device } = error
  return new BrokerError(code, message, { device, retryAfterMs: remainingMs, cause: error })
}

/** Neither is the device's verdict on who logs in. */
function isWorthWaiting({ code }: BrokerError): boolean {
  return code === 'SESSION_LIMIT' || code === 'STORE_UNAVAILABLE'
}
