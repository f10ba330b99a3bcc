import { BrokerError } from '@nac-broker/protocol'

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** The signals that end a run in good order. */
export type StopSignal = keyof typeof EXIT_CODES
export const STOP_SIGNALS = Object.keys(EXIT_CODES) as StopSignal[]

/** The reason with which a run's `signal` is aborted, so that its report can say 129, 130 or 143. */
export class Interruption extends BrokerError {
  readonly exitCode: number

  constructor(signal: StopSignal) {
    super('CANCELLED', `interrupted by ${signal}`)
    this.exitCode = EXIT_CODES[signal]
  }
}

/** Whoever aborts with another reason has interrupted too. */
export function interruptionExitCode(reason: unknown): number {
  return reason instanceof Interruption ? reason.exitCode : EXIT_CODES.SIGINT
}
