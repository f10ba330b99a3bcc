import { type Clock, type Timer, failpoint } from '@nac-broker/supervisor'
import type { FromHosted, Host, Hosted } from './host.ts'

/** After a broker is ready its clients come back first. */
const PREPARE_AFTER_MS = 250

interface Loaded {
  readonly hosted: Hosted
  onMessage: (message: FromHosted) => void
}

/**
 * A host that has its next broker loaded, but not started, while the present one serves: most of a start is
 * loading, and after a crash every client waits for it.
 */
export class Standby {
  readonly #host: Host
  readonly #clock: Clock
  #spare: Loaded | undefined
  #timer: Timer | undefined
  #closed = false

  constructor(host: Host, clock: Clock) {
    this.#host = host
    this.#clock = clock
  }

  readonly launch: Host = (onMessage) => {
    const loaded = this.#spare ?? this.#load()
    this.#spare = undefined
    this.#timer?.cancel()
    loaded.onMessage = (message) => {
      if (message.type === 'ready') this.#prepareSoon()
      onMessage(message)
    }
    return loaded.hosted
  }

  /** Resolves when the one that was not needed has ended. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    this.#spare?.hosted.kill()
    await this.#spare?.hosted.exited
  }

  #prepareSoon(): void {
    if (this.#closed) return
    this.#timer = this.#clock.startTimer(PREPARE_AFTER_MS, () => {
      this.#spare = this.#load()
      void this.#forgetWhenGone(this.#spare)
    })
  }

  async #forgetWhenGone(spare: Loaded): Promise<void> {
    await spare.hosted.exited
    if (this.#spare === spare) this.#spare = undefined
  }

  #load(): Loaded {
    // It says nothing before it is told to start.
    const hosted = this.#host((message) => loaded.onMessage(message))
    failpoint('supervisor.standby.loading')
    const loaded: Loaded = { hosted, onMessage: () => {} }
    return loaded
  }
}
