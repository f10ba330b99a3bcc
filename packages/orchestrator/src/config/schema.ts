import type { SuperviseBrokerOptions } from '@nac-broker/broker'
import { z } from 'zod'
import type { FailurePolicyOptions } from '../failure-policy-options.ts'
import type { WatchSpec } from '../watch/watch-spec.ts'
import type { WorkerSpec } from '../worker-plan.ts'
import {
  CRASH_POLICY,
  either,
  FAILURE_POLICY,
  HOST,
  MILLISECONDS,
  oneOf,
  PORT,
  refusal,
  SECONDS,
  type Setting,
  TEXT,
  wholeNumber,
} from './setting.ts'

/** Scalars arrive as the text that was written. */
function written<Value>(setting: Setting<Value>): z.ZodType<Value> {
  return z.string().transform((text, context) => {
    const value = setting.parse(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: refusal(setting, text) })
    return z.NEVER
  })
}

const NAME: Setting<string> = {
  allowed: 'letters, digits, ".", "_" and "-", at most 100 of them, the first a letter or digit',
  words: [],
  parse: (text) => (/^[A-Za-z0-9][\w.-]{0,99}$/.test(text) ? text : undefined),
}

/** A chain may be a list as well, as it is in the code. */
const crashPolicy = z.preprocess(
  (given) => (Array.isArray(given) ? given.join(',') : given),
  written(CRASH_POLICY),
)

const brokerSection = z.strictObject({
  crash_policy: crashPolicy.exactOptional(),
  host: written(HOST).exactOptional(),
  max_connections: written(wholeNumber(1, 10_000)).exactOptional(),
  max_sessions_per_device: written(wholeNumber(1, 100)).exactOptional(),
  cache_ttl_s: written(either(SECONDS, oneOf('off'))).exactOptional(),
  connect_timeout_ms: written(MILLISECONDS).exactOptional(),
  login_timeout_ms: written(MILLISECONDS).exactOptional(),
  command_timeout_ms: written(MILLISECONDS).exactOptional(),
  keepalive_interval_ms: written(either(MILLISECONDS, oneOf('off'))).exactOptional(),
  heartbeat_interval_ms: written(MILLISECONDS).exactOptional(),
  heartbeat_timeout_ms: written(MILLISECONDS).exactOptional(),
  host_keys: written(oneOf('strict', 'accept-new', 'insecure')).exactOptional(),
})

const command = z
  .array(written(TEXT))
  .min(1, { error: 'must not be empty: the program comes first' })

const workerSection = z
  .strictObject({
    name: written(NAME),
    command,
    count: written(wholeNumber(1, 10_000)).exactOptional(),
    per_device: written(oneOf('true', 'false')).exactOptional(),
    timeout_s: written(SECONDS).exactOptional(),
    idle_timeout_s: written(SECONDS).exactOptional(),
    env: z.record(z.string(), z.string()).exactOptional(),
  })
  .refine((worker) => worker.count === undefined || worker.per_device !== 'true', {
    error: 'has both count and per_device; keep one of them',
    path: ['per_device'],
  })

const distributedSection = z.strictObject({
  failure_policy: written(FAILURE_POLICY).exactOptional(),
  min_agents_required: written(wholeNumber(1, 10_000)).exactOptional(),
  agent_retry_attempts: written(wholeNumber(0, 100)).exactOptional(),
  agent_retry_delay_s: written(wholeNumber(0, 86_400)).exactOptional(),
})

const watchSection = z.strictObject({
  name: written(NAME),
  command,
  every_s: written(SECONDS).exactOptional(),
  live: z
    .array(written(TEXT))
    .min(1, {
      error: 'must not be empty; name what the command prints, as in [active], or leave it out',
    })
    .exactOptional(),
})

const statusSection = z.strictObject({
  port: written(PORT).exactOptional(),
  host: written(TEXT).exactOptional(),
  token_env: written(TEXT).exactOptional(),
})

/** Each key of the file; the README's table is tested against it. */
export const configSchema = z.strictObject({
  testbed: written(TEXT).exactOptional(),
  broker: brokerSection.exactOptional(),
  workers: z.array(workerSection).exactOptional(),
  max_parallel: written(wholeNumber(1, 10_000)).exactOptional(),
  distributed: distributedSection.exactOptional(),
  preflight: written(oneOf('true', 'false')).exactOptional(),
  watch: z.array(watchSection).exactOptional(),
  status: statusSection.exactOptional(),
  report_dir: written(TEXT).exactOptional(),
})

type ConfigFile = z.output<typeof configSchema>

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

function brokerSettings(section: z.output<typeof brokerSection>): BrokerConfig {
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

function statusConfig(section: z.output<typeof statusSection>, place: string): StatusConfig {
  const { port, host, token_env: tokenEnv } = section
  return {
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
    ...(tokenEnv !== undefined && { tokenEnv }),
    place,
  }
}

function watchSpec(section: z.output<typeof watchSection>): WatchSpec {
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
  section: z.output<typeof distributedSection>,
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

function workerSpec(section: z.output<typeof workerSection>): WorkerSpec {
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
