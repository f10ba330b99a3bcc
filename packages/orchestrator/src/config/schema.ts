import { z } from 'zod'
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

/** What a file says, as it says it. */
export type ConfigFile = z.output<typeof configSchema>
