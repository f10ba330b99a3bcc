import { BrokerError } from '@nac-broker/protocol'

/** One thing that is wrong with a config. */
export interface Mistake {
  /** Where in the file; what is not in it comes after what is. */
  offset: number
  /** One line: where it is, what it is, and what is allowed. */
  what: string
}

/** More than these nobody mends at once. */
const MOST = 10

/**
 * All that is wrong with a config, in the file's order: one after the other in the message, and each for itself in the
 * cause, which is an `AggregateError`.
 */
export function mistakesIn(file: string, mistakes: readonly Mistake[]): BrokerError {
  const lines = mistakes.toSorted((a, b) => a.offset - b.offset).map(({ what }) => what)
  const left = lines.length - MOST
  const rest = left > 0 ? [`${file}: ${left} more; mend these first`] : []
  const told = [...lines.slice(0, MOST), ...rest]
  const cause = new AggregateError(told.map((line) => new Error(line)))
  return new BrokerError('CONFIG_INVALID', told.join('; '), { cause })
}
