import {
  type Device,
  type LoginStep,
  openSession,
  type OpenSessionOptions,
  type OpenTransport,
  type Session,
} from '@nac-broker/devices'
import { type AcquireOptions, asStoreError, type Lease, type RunStore } from '@nac-broker/run-store'
import type { Clock } from '@nac-broker/supervisor'
import type { BrokerSettings } from './options.ts'

export interface SessionOpenerOptions {
  settings: BrokerSettings
  store: RunStore | undefined
  env: NodeJS.ProcessEnv
  clock: Clock
  openTransport?: OpenTransport | undefined
  /** Told the pid of each child process that is started for a device. */
  onChildProcess?: ((pid: number) => void) | undefined
}

export type OpenPooledSession = (
  device: Device,
  login: {
    /** Aborted, it gives the login up. */
    signal: AbortSignal
    /** Told each step of the login as it begins. */
    onStep: (step: LoginStep) => void
  },
) => Promise<Session>

/**
 * Opens sessions with the broker's settings. Where there is a store, each has a lease in its ledger,
 * from before the login until the device has let go: clients that go to the devices directly count
 * against the same limits.
 */
export function sessionOpener({
  settings,
  store,
  env,
  clock,
  openTransport,
  onChildProcess = () => {},
}: SessionOpenerOptions): OpenPooledSession {
  const { loginTimeoutMs, keepaliveIntervalMs, hostKeys } = settings
  const login: OpenSessionOptions = {
    loginTimeoutMs,
    keepaliveIntervalMs,
    hostKeys,
    env,
    clock,
    openTransport,
    onChildProcess,
  }
  if (!store) return (device, limits) => openSession(device, { ...login, ...limits })
  const owner = store.ownerOf(settings.generation)
  return async (device, limits) => {
    const lease = await leaseOf(store, {
      device: device.name,
      owner,
      maxPerDevice: settings.maxSessionsPerDevice,
      maxTotal: settings.maxConnections,
      deadlineMs: clock.now() + loginTimeoutMs,
      signal: limits.signal,
    })
    const release = (): Promise<void> => lease.release()
    try {
      const leased = {
        ...login,
        ...limits,
        onChildProcess(pid: number) {
          onChildProcess(pid)
          void lease.setChildPid(pid).catch(() => {})
        },
      }
      const session = await openSession(device, leased)
      void session.ended.then(release)
      return session
    } catch (error) {
      await release()
      throw error
    }
  }
}

/** @throws {BrokerError} `SESSION_LIMIT`, `STORE_UNAVAILABLE` */
async function leaseOf(store: RunStore, wanted: AcquireOptions): Promise<Lease> {
  try {
    return await store.ledger.acquire(wanted)
  } catch (error) {
    throw asStoreError(error)
  }
}
