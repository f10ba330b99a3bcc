import type { CrashPolicy } from '@nac-broker/protocol'
import type { Connection } from '../connection.ts'
import type { DeviceCommands } from '../device-commands.ts'
import { abort } from './abort.ts'
import { fallback } from './fallback.ts'
import { restart } from './restart.ts'

const POLICIES = { abort, fallback, restart }

/** Each step of the policy is asked when the one before it has given up. */
export function withPolicy(
  commands: DeviceCommands,
  policy: CrashPolicy,
  connection: Connection,
): DeviceCommands {
  return policy.reduce((inner, step) => POLICIES[step](inner, connection), commands)
}
