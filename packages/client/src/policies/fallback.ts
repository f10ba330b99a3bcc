import type { Connection } from '../connection.ts'
import type { DeviceCommands } from '../device-commands.ts'
import { decorate, requireLoss } from './decorate.ts'

/** A call that has lost its broker, and every later one, goes to the device directly. */
export function fallback(inner: DeviceCommands, connection: Connection): DeviceCommands {
  return decorate(async ({ call, run }) => {
    if (connection.state.kind === 'direct') return run(connection.state.commands)
    try {
      return await run(inner)
    } catch (error) {
      requireLoss(error, call)
      const state = await connection.settled(call)
      if (state.kind === 'direct') return run(state.commands)
      throw 'error' in state ? state.error : error
    }
  })
}
