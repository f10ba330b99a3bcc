/** How an answer was come by. */
export interface Provenance {
  /** `broker`: through the pool. `direct`: on a session of this process's own. */
  via: 'broker' | 'direct'
  /** How often the request was sent; 0 where a record or the cache answered it without. */
  attempts: number
  /** Which of the run's brokers answered, counted from 1; for `direct` the last one seen, or 0. */
  generation: number
  /** From call to answer, in milliseconds. */
  durationMs: number
}

export interface ExecuteResult extends Provenance {
  /** The device's output, without the echo of the command and without the prompt. */
  output: string
  /** True when the output was there already; false when it was executed while the call waited. */
  cached: boolean
}

export interface ConfigureResult extends Provenance {
  /** What the device printed in answer to the lines, usually nothing. */
  output: string
}
