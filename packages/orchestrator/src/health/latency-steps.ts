/** 0.01, 0.02, 0.05, 0.1 ... 100,000,000: above a day, the longest that a command can take. */
const STEPS_MS = Array.from({ length: 11 }, (_, power) =>
  [1, 2, 5].map((step) => Number(`${step}e${power - 2}`)),
)
  .flat()
  .slice(0, -2)

/** Counts for a chart. */
export class LatencySteps {
  readonly #counts = STEPS_MS.map(() => 0)

  record(ms: number): void {
    const found = STEPS_MS.findIndex((upToMs) => ms <= upToMs)
    const index = found === -1 ? STEPS_MS.length - 1 : found
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
  }

  /** From the first step that counts anything to the last one. */
  steps(): { upToMs: number; count: number }[] {
    const first = this.#counts.findIndex((count) => count > 0)
    const last = this.#counts.findLastIndex((count) => count > 0)
    return STEPS_MS.map((upToMs, index) => ({ upToMs, count: this.#counts[index] ?? 0 })).slice(
      Math.max(first, 0),
      last + 1,
    )
  }
}
