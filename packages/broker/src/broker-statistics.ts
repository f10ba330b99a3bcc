import type { BrokerStatistics } from '@nac-broker/protocol'

export const NO_STATISTICS: BrokerStatistics = {
  connectionHits: 0,
  connectionMisses: 0,
  commandHits: 0,
  commandMisses: 0,
}

export function sumOf(a: BrokerStatistics, b: BrokerStatistics): BrokerStatistics {
  return {
    connectionHits: a.connectionHits + b.connectionHits,
    connectionMisses: a.connectionMisses + b.connectionMisses,
    commandHits: a.commandHits + b.commandHits,
    commandMisses: a.commandMisses + b.commandMisses,
  }
}

/** The line that nac-test's orchestrator looks for in the log. */
export function statisticsLine(counts: BrokerStatistics): string {
  const { connectionHits, connectionMisses, commandHits, commandMisses } = counts
  return (
    `BROKER_STATISTICS: connection_hits=${connectionHits}, connection_misses=${connectionMisses}, ` +
    `command_hits=${commandHits}, command_misses=${commandMisses}`
  )
}

/** Told of every change before the call that made it is answered. */
export type OnCount = (counts: BrokerStatistics) => void

/** What one broker has counted so far. */
export class Tally {
  readonly #onCount: OnCount
  readonly counts: BrokerStatistics = { ...NO_STATISTICS }

  constructor(onCount: OnCount) {
    this.#onCount = onCount
  }

  add(what: keyof BrokerStatistics): void {
    this.counts[what]++
    this.#onCount(this.counts)
  }
}
