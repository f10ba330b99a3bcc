import type { SuperviseBrokerOptions } from '@nac-broker/broker'
import type { FailurePolicyOptions } from '../failure-policy-options.ts'
import type { WatchSpec } from '../watch/watch-spec.ts'
import type { WorkerSpec } from '../worker-plan.ts'
import type { ConfigFile } from './schema.ts'

/** How the run's broker is to be. */
export type BrokerConfig = Omit<
  SuperviseBrokerOptions,
  'testbed' | 'env' | 'clock' | 'log' | 'signal' | 'onEvent'
>

/** Where the status is served, and which variable has the token. */
interface StatusConfig {
  /** Absent: only where a flag says so. */
  port?: number
  host?: string
  tokenEnv?: string
  /** Where the token's variable is named, as `file:line`. */
  place: string
}

/** What a config file says, in the words of the code. */
export interface Config {
  testbed?: string
  /** Where it is named, as `file:line`, for the error when it is not there. */
  testbedPlace?: string
  broker: BrokerConfig
  /** Where its host is chosen, for the error when that cannot be. */
  hostPlace?: string
  workers?: readonly WorkerSpec[]
  maxParallel?: number
  failurePolicy?: FailurePolicyOptions
  preflight?: boolean
  watch?: readonly WatchSpec[]
  status?: StatusConfig
  reportDir?: string
}

/** `resolve` makes a path of the file one that this process can open; `placeOf` is the document's. */
export function fromFile(
  file: ConfigFile,
  resolve: (path: string) => string,
  placeOf: (path: readonly string[]) => string,
): Config {
  const { testbed, broker, workers, max_parallel: maxParallel, report_dir: reportDir } = file
  return {
    ...(testbed !== undefined && {
      testbed: resolve(testbed),
      testbedPlace: placeOf(['testbed']),
    }),
    broker: broker ? brokerSettings(broker) : {},
    ...(broker?.host !== undefined && { hostPlace: placeOf(['broker', 'host']) }),
    ...(workers && {
      workers: workers.map((worker, index) => ({
        ...workerSpec(worker),
        place: placeOf(['workers', String(index), 'name']),
      })),
    }),
    ...(maxParallel !== undefined && { maxParallel }),
    ...(file.distributed && { failurePolicy: failurePolicy(file.distributed, placeOf) }),
    ...(file.preflight !== undefined && { preflight: file.preflight === 'true' }),
    ...(file.watch && {
      watch: file.watch.map((section, index) => ({
        ...watchSpec(section),
        place: placeOf(['watch', String(index), 'command']),
      })),
    }),
    ...(file.status && { status: statusConfig(file.status, placeOf(['status', 'token_env'])) }),
    ...(reportDir !== undefined && { reportDir: resolve(reportDir) }),
  }
}

function brokerSettings(section: NonNullable<ConfigFile['broker']>): BrokerConfig {
  const ttl = section.cache_ttl_s
  const settings = {
    crashPolicy: section.crash_policy,
    host: section.host,
    heartbeatIntervalMs: section.heartbeat_interval_ms,
    heartbeatTimeoutMs: section.heartbeat_timeout_ms,
    maxConnections: section.max_connections,
    maxSessionsPerDevice: section.max_sessions_per_device,
    cacheTtlMs: typeof ttl === 'number' ? ttl * 1000 : ttl,
    connectTimeoutMs: section.connect_timeout_ms,
    loginTimeoutMs: section.login_timeout_ms,
    commandTimeoutMs: section.command_timeout_ms,
    keepaliveIntervalMs: section.keepalive_interval_ms,
    hostKeys: section.host_keys,
  }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given)
}

function statusConfig(section: NonNullable<ConfigFile['status']>, place: string): StatusConfig {
  const { port, host, token_env: tokenEnv } = section
  return {
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
    ...(tokenEnv !== undefined && { tokenEnv }),
    place,
  }
}

function watchSpec(section: NonNullable<ConfigFile['watch']>[number]): WatchSpec {
  const { name, command: asked, every_s: everyS, live } = section
  return {
    name,
    command: asked,
    ...(everyS !== undefined && { everyMs: everyS * 1000 }),
    ...(live && { live }),
  }
}

/** With where things stand: whether they make sense shows when the workers are known. */
function failurePolicy(
  section: NonNullable<ConfigFile['distributed']>,
  placeOf: (path: readonly string[]) => string,
): FailurePolicyOptions {
  const { failure_policy: name, min_agents_required: minAgentsRequired } = section
  const { agent_retry_attempts: retryAttempts, agent_retry_delay_s: delayS } = section
  const place = (key: keyof typeof section): string =>
    `${placeOf(['distributed', key])}: distributed.${key}`
  return {
    ...(name !== undefined && { name }),
    ...(minAgentsRequired !== undefined && { minAgentsRequired }),
    ...(retryAttempts !== undefined && { retryAttempts }),
    ...(delayS !== undefined && { retryDelayMs: delayS * 1000 }),
    places: {
      minAgentsRequired: place('min_agents_required'),
      retryAttempts: place('agent_retry_attempts'),
    },
  }
}

function workerSpec(section: NonNullable<ConfigFile['workers']>[number]): WorkerSpec {
  const { name, command: executed, count, per_device: perDevice, env = {} } = section
  const { timeout_s: timeoutS, idle_timeout_s: idleTimeoutS } = section
  return {
    name,
    command: executed,
    instances:
      perDevice === 'true'
        ? { kind: 'per-device' }
        : count === undefined
          ? { kind: 'one' }
          : { kind: 'count', count },
    env,
    ...(timeoutS !== undefined && { timeoutMs: timeoutS * 1000 }),
    ...(idleTimeoutS !== undefined && { idleTimeoutMs: idleTimeoutS * 1000 }),
  }
}
