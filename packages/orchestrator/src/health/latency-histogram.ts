import type { Percentiles } from './health-report.ts'

/** Each bucket ends a tenth above the one before it: a percentile is at most so much too high. */
const GROWTH = 1.1
const FIRST_MS = 0.01
/** The last one ends above a day, the longest that a command can take. */
const BUCKETS = 242

/**
 * How long things took, in buckets of logarithmic width: 1 kB, however many there were. (Node's own
 * histogram takes 4 kB for half the precision, and does not give out its counts.)
 */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0
  #min = Infinity
  #max = 0

  record(ms: number): void {
    const bucket = ms <= FIRST_MS ? 0 : Math.ceil(Math.log(ms / FIRST_MS) / Math.log(GROWTH))
    const index = Math.min(bucket, BUCKETS - 1)
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#count++
    this.#min = Math.min(this.#min, ms)
    this.#max = Math.max(this.#max, ms)
  }

  /** Undefined when nothing was recorded. `min` and `max` are exact. */
  percentiles(): Percentiles | undefined {
    if (this.#count === 0) return undefined
    return {
      min: rounded(this.#min),
      median: this.#quantile(0.5),
      p95: this.#quantile(0.95),
      p99: this.#quantile(0.99),
      max: rounded(this.#max),
      count: this.#count,
    }
  }

  /** By nearest rank: so large a part of all is at most this. */
  #quantile(part: number): number {
    const rank = Math.ceil(part * this.#count)
    let seen = 0
    const index = this.#counts.findIndex((count) => (seen += count) >= rank)
    const upToMs = FIRST_MS * GROWTH ** index
    return rounded(Math.min(Math.max(upToMs, this.#min), this.#max))
  }
}

/** To a microsecond. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
