import type { Clock } from '@nac-broker/supervisor'

export interface ConnectOptions {
  /** Default: the environment's `NAC_TEST_BROKER_SOCKET`. */
  socketPath?: string
  /** Socket and handshake, in milliseconds. Default 5,000. */
  connectTimeoutMs?: number
  /** What a call may take when it does not say, in milliseconds. Default 120,000: a login and a command. */
  timeoutMs?: number
  /** How the broker's status names this client. Default: `NAC_BROKER_WORKER`, else `client`. */
  name?: string
  signal?: AbortSignal
  env?: NodeJS.ProcessEnv
  clock?: Clock
}

export interface CallOptions {
  /** How long to wait for the answer, everything included, in milliseconds. */
  timeoutMs?: number
  /** Aborting takes the call back; it then rejects with `CANCELLED`. */
  signal?: AbortSignal
}

export interface ExecuteOptions extends CallOptions {
  /** Your word that running it again does no harm; read-only commands need none. */
  idempotent?: boolean
  /** `false`: execute it now, whatever the cache holds. Default true. */
  cache?: boolean
}
