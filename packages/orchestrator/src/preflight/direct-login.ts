import { type HostKeyPolicy, LoginSteps, openSession, type Session } from '@nac-broker/devices'
import { asBrokerError } from '@nac-broker/protocol'
import { type Clock, systemClock } from '@nac-broker/supervisor'
import type { LogIn } from './preflight.ts'

export interface DirectLoginOptions {
  /** A login: TCP to first prompt, in milliseconds. Default 30,000. */
  loginTimeoutMs?: number | undefined
  /** Where the testbed's `ssh_options` do not say. Default `strict`. */
  hostKeys?: HostKeyPolicy | undefined
  /** Where `%ENV{}` credentials are looked up. Default `process.env`. */
  env?: NodeJS.ProcessEnv | undefined
  clock?: Clock | undefined
}

/** Logs in and out again: when it resolves, the device's line is free. */
export function directLogin(options: DirectLoginOptions): LogIn {
  const { loginTimeoutMs, hostKeys, env, clock = systemClock } = options
  return async (device, signal) => {
    const steps = new LoginSteps(clock)
    try {
      const session = await openSession(device, {
        ...(loginTimeoutMs !== undefined && { loginTimeoutMs }),
        ...(hostKeys !== undefined && { hostKeys }),
        ...(env && { env }),
        onStep: steps.begin,
        signal,
        clock,
      })
      const timed = steps.timed()
      await logOut(session, signal)
      return { steps: timed }
    } catch (error) {
      return { steps: steps.timed(), error: asBrokerError(error, { device: device.name }) }
    }
  }
}

/** In good order, unless there is no time for that any more. */
async function logOut(session: Session, signal: AbortSignal): Promise<void> {
  const hangUp = (): void => session.destroy()
  signal.addEventListener('abort', hangUp, { once: true })
  if (signal.aborted) hangUp()
  await session.close()
  signal.removeEventListener('abort', hangUp)
}
