import type { CallOptions, ExecuteOptions } from './options.ts'

/** How an answer was come by. */
export interface Provenance {
  /** `broker`: through the pool. */
  via: 'broker'
  /** How often the request was made. */
  attempts: number
  /** Which of the run's brokers answered, counted from 1. */
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

/**
 * What can be done with devices, however they are reached. Each call is settled at its deadline at
 * the latest, and fails with a `BrokerError` whose `sent` says whether the device got the command.
 */
export interface DeviceCommands {
  execute(device: string, command: string, options?: ExecuteOptions): Promise<ExecuteResult>
  configure(
    device: string,
    lines: readonly string[],
    options?: CallOptions,
  ): Promise<ConfigureResult>
  /** Opens a session if there is none, so that the first command need not wait for the login. */
  connect(device: string, options?: CallOptions): Promise<void>
  disconnect(device: string, options?: CallOptions): Promise<void>
}
