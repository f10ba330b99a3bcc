import type { Clock } from '@nac-broker/supervisor'

/**
 * What a login consists of, in its order: the host's name, the TCP connection, the server naming itself,
 * the key exchange with the host key, the credentials, the shell with its prompt and what is typed there.
 * A `command:` device has `spawn` and `prompt`.
 */
export type LoginStep = 'resolve' | 'tcp' | 'banner' | 'host-key' | 'login' | 'prompt' | 'spawn'

export interface TimedStep {
  step: LoginStep
  ms: number
}

/** Times the steps of one login: each lasts until the next one begins. */
export class LoginSteps {
  readonly #clock: Clock
  readonly #begun: { step: LoginStep; atMs: number }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** To be called, as `onStep`, with each step as it begins. */
  readonly begin = (step: LoginStep): void => {
    this.#begun.push({ step, atMs: this.#clock.now() })
  }

  /** The steps so far; the last one has lasted until now. */
  timed(): TimedStep[] {
    const nowMs = this.#clock.now()
    return this.#begun.map(({ step, atMs }, index) => {
      const endMs = this.#begun[index + 1]?.atMs ?? nowMs
      return { step, ms: Math.max(0, endMs - atMs) }
    })
  }
}
