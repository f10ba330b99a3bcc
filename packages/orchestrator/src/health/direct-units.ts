import type { DirectEvent } from '@nac-broker/protocol'
import type { FailureDetector, Unit } from '@nac-broker/supervisor'

/**
 * How devices fare whose sessions are the clients' own, from what these tell. A client that was killed tells
 * no more of its session; that is known to be over when the device has another in its place.
 */
export class DirectUnits {
  readonly #detector: FailureDetector
  readonly #maxPerDevice: number
  readonly #open = new Map<string, number>()

  /** `maxPerDevice`: so many sessions a device has at most, all clients together. */
  constructor(detector: FailureDetector, maxPerDevice: number) {
    this.#detector = detector
    this.#maxPerDevice = maxPerDevice
  }

  take(event: DirectEvent): void {
    switch (event.event) {
      case 'session-opened': {
        const { name } = this.#starting(event.device)
        this.#open.set(event.device, Math.min(this.#openOn(event.device) + 1, this.#maxPerDevice))
        return this.#detector.tell(name, 'ready')
      }
      case 'session-closed': {
        const left = Math.max(0, this.#openOn(event.device) - 1)
        this.#open.set(event.device, left)
        if (left > 0) return
        const { name } = unitOf(event.device)
        if (event.by === 'device') return this.#detector.fail(name, event.message ?? 'it ended')
        return this.#detector.tell(name, 'stopped')
      }
      case 'login-failed': {
        if (this.#openOn(event.device) > 0) return
        return this.#detector.fail(this.#starting(event.device).name, event.message)
      }
      default:
    }
  }

  #starting(device: string): Unit {
    const unit = unitOf(device)
    this.#detector.start(unit)
    return unit
  }

  #openOn(device: string): number {
    return this.#open.get(device) ?? 0
  }
}

function unitOf(device: string): Unit {
  return { name: `device ${device}`, kind: 'device' }
}
