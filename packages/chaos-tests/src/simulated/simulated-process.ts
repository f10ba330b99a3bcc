import type { Clock, Timer } from '@nac-broker/supervisor'
import type { SimulatedTime } from './simulated-time.ts'

type State = 'running' | 'stopped' | 'dead'

export interface ProcessSetup {
  readonly pid: number
  readonly time: SimulatedTime
  /** Its jitter. */
  readonly random: () => number
  /** By how much its calendar is wrong, in milliseconds. */
  readonly wallShiftMs: () => number
}

/**
 * A process of a simulation: what reaches it, or leaves it, does so through `step`. Stopped, all of it waits;
 * dead, nothing comes of it any more. It is a clock, as its timers end with it.
 */
export class SimulatedProcess implements Clock {
  readonly pid: number
  readonly #setup: ProcessSetup
  readonly #waiting: (() => void)[] = []
  readonly #onDeath: (() => void)[] = []
  readonly #timers = new Set<object>()
  #state: State = 'running'
  #stepsLeft = Infinity
  /** How many it may open beside those that it has. */
  descriptorsLeft = Infinity
  #atLastStep = (): void => {}
  #stoppedAtMs = Infinity
  #stoppedMs = 0

  constructor(setup: ProcessSetup) {
    this.pid = setup.pid
    this.#setup = setup
  }

  get isDead(): boolean {
    return this.#state === 'dead'
  }

  /** Timers that would still fire. */
  get timers(): number {
    return this.isDead ? 0 : this.#timers.size
  }

  /** For how long it was stopped, until now. */
  get stoppedMs(): number {
    return this.#stoppedMs + Math.max(0, this.now() - this.#stoppedAtMs)
  }

  now(): number {
    return this.#setup.time.now()
  }

  wallTime(): Date {
    return new Date(EPOCH_MS + this.now() + this.#setup.wallShiftMs())
  }

  random(): number {
    return this.#setup.random()
  }

  startTimer(delayMs: number, callback: () => void): Timer {
    const timer = {}
    this.#timers.add(timer)
    const fire = (): void => {
      if (this.#timers.delete(timer)) callback()
    }
    const { time } = this.#setup
    const moment = time.at(time.now() + Math.max(0, delayMs), () => this.step(fire))
    return {
      cancel: () => {
        this.#timers.delete(timer)
        moment.cancel()
      },
    }
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const onAbort = (): void => {
        timer.cancel()
        reject(signal?.reason as Error)
      }
      const timer = this.startTimer(delayMs, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Something reaches it, or leaves it: now, when it goes on, or never. */
  step(happen: () => void): void {
    if (this.#state === 'running' && --this.#stepsLeft <= 0) {
      this.#stepsLeft = Infinity
      this.#atLastStep()
    }
    if (this.#state === 'dead') return
    if (this.#state === 'stopped') this.#waiting.push(happen)
    else happen()
  }

  /** Before its n-th step from now, this happens to it. */
  atStep(n: number, happen: () => void): void {
    this.#stepsLeft = n
    this.#atLastStep = happen
  }

  /** Whether it may open one more. */
  opensDescriptor(): boolean {
    if (this.descriptorsLeft === 0) return false
    this.descriptorsLeft--
    return true
  }

  stop(): void {
    if (this.#state !== 'running') return
    this.#state = 'stopped'
    this.#stoppedAtMs = this.now()
  }

  goOn(): void {
    if (this.#state !== 'stopped') return
    this.#state = 'running'
    this.#stoppedMs = this.stoppedMs
    this.#stoppedAtMs = Infinity
    for (const happen of this.#waiting.splice(0)) this.step(happen)
  }

  kill(): void {
    if (this.isDead) return
    this.#state = 'dead'
    this.#waiting.length = 0
    for (const tell of this.#onDeath.splice(0)) tell()
  }

  /** What the system does when it has died. */
  onDeath(tell: () => void): void {
    if (this.isDead) tell()
    else this.#onDeath.push(tell)
  }
}

/** Any day will do. */
const EPOCH_MS = Date.UTC(2026, 0, 1)
