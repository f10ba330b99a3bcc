import type { Connection } from '../connection.ts'
import type { DeviceCommands } from '../device-commands.ts'
import { decorate, requireLoss } from './decorate.ts'

/** A call that has lost its broker fails with what the client as a whole has ended with. */
export function abort(inner: DeviceCommands, connection: Connection): DeviceCommands {
  return decorate(async ({ call, run }) => {
    try {
      return await run(inner)
    } catch (error) {
      requireLoss(error, call)
      const { state } = connection
      throw state.kind === 'aborted' ? state.error : error
    }
  })
}
