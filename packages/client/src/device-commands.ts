import type { Params } from '@nac-broker/protocol'
import type { Call } from './call.ts'

/** What a device said, and how it was asked. */
export interface Answer {
  output: Uint8Array
  /** `broker`: through the pool. `direct`: on a session of this process's own. */
  via: 'broker' | 'direct'
  /** Which of the run's brokers answered, or was the last one that this client has seen. */
  generation: number
}

export interface ExecuteAnswer extends Answer {
  /** True when the output was there already; false when it was executed while the call waited. */
  cached: boolean
}

/**
 * What can be done with devices, however they are reached. Each promise settles within the call's
 * limits, and rejects with a `BrokerError` whose `sent` says whether the device got the command.
 */
export interface DeviceCommands {
  execute(call: Call, request: Params<'execute'>): Promise<ExecuteAnswer>
  configure(call: Call, request: Params<'configure'>): Promise<Answer>
  /** Opens a session if there is none, so that the first command need not wait for the login. */
  connect(call: Call, request: Params<'connect'>): Promise<void>
  disconnect(call: Call, request: Params<'disconnect'>): Promise<void>
}

/** The same, by a way that ends some day. */
export interface DirectCommands extends DeviceCommands {
  /** Pending calls reject with `CANCELLED`. Resolves when every session is closed. */
  close(): Promise<void>
}
