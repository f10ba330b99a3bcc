import type { Timer } from '@nac-broker/supervisor'

interface Moment {
  readonly atMs: number
  /** Of two at the same time the one that was asked for first comes first. */
  readonly order: number
  readonly happen: () => void
  cancelled: boolean
}

/** Everything in a schedule has a deadline: what takes longer hangs. */
const LONGEST_MS = 300_000

/** The time of a simulation: it goes from one happening to the next, and each is over before the next begins. */
export class SimulatedTime {
  #nowMs = 0
  #orders = 0
  /** A binary heap, the next one first. */
  readonly #moments: Moment[] = []

  now(): number {
    return this.#nowMs
  }

  at(atMs: number, happen: () => void): Timer {
    const moment = { atMs: Math.max(atMs, this.#nowMs), order: ++this.#orders, happen }
    const entry: Moment = { ...moment, cancelled: false }
    this.#push(entry)
    return { cancel: () => void (entry.cancelled = true) }
  }

  /**
   * Lets one thing happen after the other until the promise that `begin` returns is settled.
   * @throws {Error} when it is still pending, and nothing is to happen any more or it is too late
   */
  runUntil<Value>(begin: () => Promise<Value>): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    // Within a promise's callback no other one can be waited for.
    setImmediate(() => {
      const restore = this.#takeOver()
      try {
        const running = begin()
        const state = { over: false }
        const settled = (): void => void (state.over = true)
        running.then(settled, settled)
        for (settle(); !state.over; settle()) {
          const next = this.#pop()
          if (!next) throw new Error('everything waits, and nothing is to happen any more')
          if (next.atMs > LONGEST_MS) throw new Error(`it is not over after ${LONGEST_MS} ms`)
          this.#nowMs = next.atMs
          next.happen()
        }
        resolve(running)
      } catch (error) {
        reject(error)
      } finally {
        restore()
      }
    })
    return promise
  }

  /** What is to run in the next turn of the loop runs at this time, after what is to happen before. */
  #takeOver(): () => void {
    const { setImmediate: real } = globalThis
    const { stackTraceLimit } = Error
    const soon = (callback: () => void): unknown => this.at(this.#nowMs, callback)
    globalThis.setImmediate = soon as typeof setImmediate
    // Most errors here are foreseen, and where they come from takes a fifth of the time to find out.
    Error.stackTraceLimit = 1
    return () => {
      globalThis.setImmediate = real
      Error.stackTraceLimit = stackTraceLimit
    }
  }

  #push(moment: Moment): void {
    const heap = this.#moments
    let at = heap.push(moment) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(moment, heap[parent] as Moment)) break
      heap[at] = heap[parent] as Moment
      at = parent
    }
    heap[at] = moment
  }

  #pop(): Moment | undefined {
    for (;;) {
      const next = this.#take()
      if (next === undefined || !next.cancelled) return next
    }
  }

  #take(): Moment | undefined {
    const heap = this.#moments
    const [first] = heap
    const last = heap.pop()
    if (last === undefined || last === first) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right && isBefore(right, heap[child] as Moment)) child++
      if (!isBefore(heap[child] as Moment, last)) break
      heap[at] = heap[child] as Moment
      at = child
    }
    heap[at] = last
    return first
  }
}

function isBefore(one: Moment, other: Moment): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}

/**
 * Runs what promises and streams have left to do, as Node does between any two callbacks. A turn of its event loop
 * would do so too, and take ten times as long.
 */
function settle(): void {
  ;(process as unknown as { _tickCallback(): void })._tickCallback()
}
