import { BrokerError } from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import type { Call } from '../call.ts'
import type { Connection } from '../connection.ts'
import type { DeviceCommands } from '../device-commands.ts'
import { decorate, requireLoss } from './decorate.ts'

/**
 * A call that has lost its broker is sent to the next one, within its deadline. What must not happen
 * twice goes with the same key: the next broker answers with the recorded outcome where there is one.
 */
export function restart(inner: DeviceCommands, connection: Connection): DeviceCommands {
  return decorate(({ call, repeatable, run }) =>
    resend({ connection, call, repeatable, send: () => run(inner) }),
  )
}

export async function resend<Value>({
  connection,
  call,
  repeatable,
  send,
}: {
  connection: Connection
  call: Call
  repeatable: boolean
  send: () => Promise<Value>
}): Promise<Value> {
  for (;;) {
    try {
      return await send()
    } catch (error) {
      requireLoss(error, call)
      const fenced = repeatable || call.sent === 'no' ? undefined : call.sentTo?.store
      if (fenced === null) throw unrecorded('the broker had no run store')
      failpoint('client.call.waits')
      const state = await connection.settled(call)
      if (state.kind === 'closed') throw state.error
      // Given up: what to do now is for the next policy.
      if (!('link' in state)) throw error
      if (fenced !== undefined && state.link.welcome.store !== fenced) {
        throw unrecorded('the next broker has another run store')
      }
    }
  }
}

function unrecorded(why: string): BrokerError {
  const what = 'it may have been carried out and is not sent again'
  return new BrokerError(
    'STORE_UNAVAILABLE',
    `the broker was lost with the call in flight: ${what}, as ${why}; look at the device, then decide`,
    { sent: 'unknown' },
  )
}
