import type { Clock, Timer } from './clock.ts'

export interface BatchOptions {
  /** How long the first one waits for others, in milliseconds. */
  waitMs: number
  /** So many do not wait any longer. */
  maxItems: number
  clock: Clock
}

/** Collects what is cheaper to hand over together. Its timer runs only while there is something. */
export class Batch<Item> {
  readonly #handOver: (items: Item[]) => void
  readonly #options: BatchOptions
  #items: Item[] = []
  #timer: Timer | undefined

  constructor(handOver: (items: Item[]) => void, options: BatchOptions) {
    this.#handOver = handOver
    this.#options = options
  }

  add(item: Item): void {
    const { waitMs, maxItems, clock } = this.#options
    this.#items.push(item)
    if (this.#items.length >= maxItems) this.flush()
    else this.#timer ??= clock.startTimer(waitMs, () => this.flush())
  }

  /** Hands over now what there is. */
  flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#items.length === 0) return
    const items = this.#items
    this.#items = []
    this.#handOver(items)
  }
}
