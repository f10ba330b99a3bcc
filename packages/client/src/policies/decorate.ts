import { BrokerError } from '@nac-broker/protocol'
import type { Call } from '../call.ts'
import type { DeviceCommands } from '../device-commands.ts'

/** A call on its way through a policy. */
export interface Passage<Value> {
  call: Call
  /** Whether doing it twice does no harm, as far as that is known without asking the platform. */
  repeatable: boolean
  /** Does what is asked for with these commands; each time anew. */
  run: (commands: DeviceCommands) => Promise<Value>
}

/** Commands that do the same thing around every call. */
export function decorate(
  around: <Value>(passage: Passage<Value>) => Promise<Value>,
): DeviceCommands {
  return {
    execute: (call, request) =>
      around({
        call,
        repeatable: request.idempotent === true,
        run: (commands) => commands.execute(call, request),
      }),
    configure: (call, request) =>
      around({ call, repeatable: false, run: (commands) => commands.configure(call, request) }),
    connect: (call, request) =>
      around({ call, repeatable: true, run: (commands) => commands.connect(call, request) }),
    disconnect: (call, request) =>
      around({ call, repeatable: true, run: (commands) => commands.disconnect(call, request) }),
  }
}

/**
 * Passes on every error but the loss of the broker, of which it takes note for the call.
 * @throws the error
 */
export function requireLoss(error: unknown, call: Call): asserts error is BrokerError {
  if (!(error instanceof BrokerError) || error.code !== 'BROKER_LOST') throw error
  call.unanswered(error)
}
