/** How far back the charts go. */
const SECONDS = 300

/** Commands by the second in which they ended, as the server tells the time. */
export class Rates {
  #seconds = new Map()

  take({ at, event }) {
    if (event.event !== 'command') return
    const second = Math.floor(Date.parse(at) / 1_000)
    const known = this.#seconds.get(second) ?? { answered: [], cached: 0, failed: 0 }
    this.#seconds.set(second, known)
    if (event.code !== undefined) known.failed++
    else if (event.what !== 'connect') known.answered.push(event.ms)
    if (event.code === undefined && event.from !== 'device') known.cached++
  }

  clear() {
    this.#seconds.clear()
  }

  /** What uPlot draws, up to the second before `now`. */
  columns(now) {
    const last = Math.floor(now / 1_000) - 1
    for (const second of this.#seconds.keys())
      if (second < last - SECONDS) this.#seconds.delete(second)
    const first = Math.max(last - SECONDS, Math.min(last - 30, ...this.#seconds.keys()))
    const times = Array.from({ length: last - first + 1 }, (_, index) => first + index)
    const rates = times.map((time) => this.#seconds.get(time))
    const sorted = rates.map((rate) => rate?.answered.toSorted((a, b) => a - b) ?? [])
    return {
      times,
      answered: rates.map((rate) => rate?.answered.length ?? 0),
      cached: rates.map((rate) => rate?.cached ?? 0),
      failed: rates.map((rate) => rate?.failed ?? 0),
      median: sorted.map((all) => quantile(all, 0.5)),
      p99: sorted.map((all) => quantile(all, 0.99)),
    }
  }
}

/** Null where there is nothing: a gap in the line. */
function quantile(sorted, part) {
  return sorted[Math.ceil(sorted.length * part) - 1] ?? null
}
