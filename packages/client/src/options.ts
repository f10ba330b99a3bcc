import type { HostKeyPolicy, Testbed } from '@nac-broker/devices'
import type { Clock } from '@nac-broker/supervisor'

export interface ConnectOptions {
  /** Default: the environment's `NAC_TEST_BROKER_SOCKET`. */
  socketPath?: string | undefined
  /**
   * Socket and handshake, in milliseconds. Default: the environment's `NAC_BROKER_CONNECT_TIMEOUT_MS`,
   * else 5,000.
   */
  connectTimeoutMs?: number | undefined
  /** What a call may take when it does not say, in milliseconds. Default 120,000: a login and a command. */
  timeoutMs?: number | undefined
  /** What this client is called, and whose checkpoints it sets. Default: `NAC_BROKER_WORKER`, else `client`. */
  name?: string | undefined
  signal?: AbortSignal | undefined
  /**
   * What to do when the broker is lost: `abort`, `fallback`, `restart,abort`, `restart,fallback`, or the
   * same as a list. Default: the environment's `NAC_BROKER_POLICY`, else what the broker says.
   */
  crashPolicy?: string | readonly string[] | undefined
  /** How often the broker is asked for a sign of life, in milliseconds. Default: what the broker says. */
  heartbeatIntervalMs?: number | undefined
  /** Silence after which the broker counts as lost, in milliseconds. Default: what the broker says. */
  heartbeatTimeoutMs?: number | undefined
  /** Under `restart`: how long to wait for the next broker, in milliseconds. Default 30,000. */
  reconnectTimeoutMs?: number | undefined
  /** Under `restart`: aborting it says that there will be no next broker. */
  givenUp?: AbortSignal | undefined
  /** Under `fallback`: a pyATS testbed. Default: the environment's `NAC_TEST_TESTBED`. */
  testbed?: string | Testbed | undefined
  /**
   * Under `fallback`: the run's store, where no broker has said which it is. Default: the environment's
   * `NAC_BROKER_STORE`.
   */
  storePath?: string | undefined
  /** Under `fallback`, where the testbed does not say. Default `strict`. */
  hostKeys?: HostKeyPolicy | undefined
  /** Under `fallback`: a login, TCP to first prompt, in milliseconds. Default 30,000. */
  loginTimeoutMs?: number | undefined
  /** Under `fallback`: one command on a device, in milliseconds. Default 60,000. */
  commandTimeoutMs?: number | undefined
  /**
   * Under `fallback`: SSH keepalive, in milliseconds; three unanswered ones end a session. Default: what the
   * last broker said, else 10,000; `off` disables.
   */
  keepaliveIntervalMs?: number | 'off' | undefined
  env?: NodeJS.ProcessEnv | undefined
  clock?: Clock | undefined
}

export interface CallOptions {
  /** How long to wait for the answer, everything included, in milliseconds. */
  timeoutMs?: number | undefined
  /** Aborting takes the call back; it then rejects with `CANCELLED`. */
  signal?: AbortSignal | undefined
}

export interface ChangeOptions extends CallOptions {
  /**
   * Names one logical change. Used again, by any client of the run, it gives the outcome of the first
   * time. Default: a new one for each call, however often that is sent.
   */
  key?: string | undefined
}

export interface ExecuteOptions extends ChangeOptions {
  /** Your word that running it again does no harm; read-only commands need none. */
  idempotent?: boolean | undefined
  /** `false`: execute it now, whatever the cache holds. Default true. */
  cache?: boolean | undefined
}
