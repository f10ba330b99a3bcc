import type { Device, Testbed } from '@nac-broker/devices'
import { asBrokerError } from '@nac-broker/protocol'
import { directLogin, type DirectLoginOptions } from './direct-login.ts'
import { hintFor } from './hint.ts'
import type { DevicePreflight, LoginAttempt, PreflightReport } from './report.ts'

/** Logs in to a device and says how that went. Gives up when the signal is aborted. */
export type LogIn = (device: Device, signal: AbortSignal) => Promise<LoginAttempt>

export interface PreflightOptions extends DirectLoginOptions {
  /** So many logins at a time. Default 50. */
  maxConnections?: number | undefined
  /** How to log in. Default: each device is logged in to and out of by this process. */
  logIn?: LogIn | undefined
  /** Told of each device when it has been looked at. */
  onDevice?: ((device: DevicePreflight) => void) | undefined
  /** Aborting ends it at once. */
  signal?: AbortSignal | undefined
}

const DEFAULT_MAX_CONNECTIONS = 50

/**
 * Logs in to every device of the testbed, by the code with which a broker does, and says of each step
 * how long it took and whether it went well. One device that does not answer holds no other up.
 * @throws the signal's reason; what `logIn` throws
 */
export async function preflight(
  testbed: Testbed,
  options: PreflightOptions = {},
): Promise<PreflightReport> {
  const { maxConnections = DEFAULT_MAX_CONNECTIONS, onDevice } = options
  const { logIn = directLogin(options), signal = new AbortController().signal } = options
  const { drivable, skipped } = devicesOf(testbed)
  const waiting = [...drivable]
  const looked = new Map<Device, DevicePreflight>()
  const takeTurns = async (): Promise<void> => {
    for (let device = waiting.shift(); device; device = waiting.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- each turn has one login at a time
      const attempt = await logIn(device, signal)
      signal.throwIfAborted()
      const seen = lookedAt(device, attempt)
      looked.set(device, seen)
      onDevice?.(seen)
    }
  }
  signal.throwIfAborted()
  const turns = Math.min(maxConnections, drivable.length)
  // Nobody is left logging in when one turn has failed.
  const ends = await Promise.allSettled(Array.from({ length: turns }, takeTurns))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  const devices = drivable.flatMap((device) => looked.get(device) ?? [])
  const unreachable = devices.filter(({ ok }) => !ok).map(({ device }) => device)
  return { devices, unreachable, skipped }
}

function devicesOf(testbed: Testbed): {
  drivable: Device[]
  skipped: PreflightReport['skipped']
} {
  const drivable: Device[] = []
  const skipped: PreflightReport['skipped'] = []
  for (const name of testbed.deviceNames) {
    try {
      drivable.push(testbed.device(name))
    } catch (error) {
      skipped.push({ device: name, reason: asBrokerError(error).message })
    }
  }
  return { drivable, skipped }
}

function lookedAt(device: Device, { steps, error }: LoginAttempt): DevicePreflight {
  // What was missing before the first step, such as a credential, is missing for the login.
  const taken = steps.length > 0 || !error ? steps : [{ step: 'login', ms: 0 }]
  return {
    device: device.name,
    ok: error === undefined,
    steps: taken.map(({ step, ms }, index) => {
      const failed = index === taken.length - 1 ? error : undefined
      return {
        step,
        ms: Math.round(ms * 10) / 10,
        ok: failed === undefined,
        ...(failed && {
          error: {
            code: failed.code,
            message: failed.message,
            hint: hintFor(device, step, failed),
          },
        }),
      }
    }),
  }
}
