import type { HostKeyPolicy, Testbed } from '@nac-broker/devices'
import {
  BrokerError,
  type CrashPolicy,
  DEFAULT_CRASH_POLICY,
  firstIssue,
  parseCrashPolicy,
} from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import type { Logger } from 'pino'
import { z } from 'zod'

const milliseconds = z.number().int().min(1).max(86_400_000)

/** What can be set, with defaults and ranges; the README's table is tested against it. */
export const brokerSettingsSchema = z.strictObject({
  maxConnections: z.number().int().min(1).max(10_000).default(50),
  maxSessionsPerDevice: z.number().int().min(1).max(100).default(1),
  cacheTtlMs: z.union([milliseconds, z.literal('off')]).default(3_600_000),
  cacheMaxBytes: z.number().int().min(1024).default(268_435_456),
  loginTimeoutMs: milliseconds.default(30_000),
  commandTimeoutMs: milliseconds.default(60_000),
  drainTimeoutMs: milliseconds.default(2_000),
  keepaliveIntervalMs: z.union([milliseconds, z.literal('off')]).default(10_000),
  hostKeys: z.enum(['strict', 'accept-new', 'insecure']).default('strict'),
  generation: z.number().int().min(1).default(1),
  restarts: z.number().int().min(0).default(0),
  crashPolicy: z
    .union([z.string(), z.array(z.string())])
    .default([...DEFAULT_CRASH_POLICY])
    .transform(parseCrashPolicy),
  heartbeatIntervalMs: milliseconds.default(500),
  heartbeatTimeoutMs: milliseconds.default(1_500),
  connectTimeoutMs: milliseconds.default(5_000),
})

export interface BrokerSettings {
  /** Open device sessions in all. */
  maxConnections: number
  /** Open sessions to one device; most devices have few lines to give. */
  maxSessionsPerDevice: number
  /** How long the output of a read-only command is kept. */
  cacheTtlMs: number | 'off'
  /** Bytes of output kept, least recently used first out. */
  cacheMaxBytes: number
  /** A login: TCP to first prompt. */
  loginTimeoutMs: number
  /** One command on a device; then its session is destroyed. */
  commandTimeoutMs: number
  /** How long a command that nobody waits for any more may still use its session. */
  drainTimeoutMs: number
  /** SSH keepalive; three unanswered ones end a session. */
  keepaliveIntervalMs: number | 'off'
  /** Where the testbed's `ssh_options` do not say. */
  hostKeys: HostKeyPolicy
  /** Counts the brokers of one run, from 1. */
  generation: number
  /** How many of them this run's supervisor has started before. */
  restarts: number
  /** What clients are told to do when this broker is lost; their own setting beats it. */
  crashPolicy: CrashPolicy
  /** How often clients are told to ask whether the broker is alive. */
  heartbeatIntervalMs: number
  /** After how much silence clients take it for lost. */
  heartbeatTimeoutMs: number
  /** What a connect of theirs may take, which only the environment can tell them in time. */
  connectTimeoutMs: number
}

export interface BrokerOptions extends Partial<Omit<BrokerSettings, 'crashPolicy'>> {
  /** As people write it: `restart,fallback`, or a list of its steps. Default `restart,abort`. */
  crashPolicy?: string | readonly string[]
  /** A pyATS testbed file, or one that was loaded; without it every device is unknown. */
  testbed?: string | Testbed
  /**
   * The run's store, an SQLite file that outlives this broker: outcomes of changes, session slots,
   * outputs. Without it a change is carried out at most once per request.
   */
  storePath?: string
  /** Where to listen. Default: a fresh name in a directory that only this user can enter. */
  socketPath?: string
  /** Where `%ENV{}` credentials are looked up. Default `process.env`. */
  env?: NodeJS.ProcessEnv
  clock?: Clock
  /** Default: silent. */
  log?: Logger
  /** Whether the log gets the `BROKER_STATISTICS:` line at the end. Default true. */
  logStatistics?: boolean
  /**
   * Told the pid of each `command:` device's child process, which is its process group too: for whoever has
   * to end them should this broker die.
   */
  onChildProcess?: (pid: number) => void
}

/** @throws {BrokerError} `CONFIG_INVALID` naming the setting. */
export function resolveSettings(options: BrokerOptions): BrokerSettings {
  const given = Object.fromEntries(
    Object.keys(brokerSettingsSchema.shape)
      .map((key) => [key, options[key as keyof BrokerSettings]] as const)
      .filter(([, value]) => value !== undefined),
  )
  const parsed = brokerSettingsSchema.safeParse(given)
  if (parsed.success) return parsed.data
  throw new BrokerError('CONFIG_INVALID', `broker option ${firstIssue(parsed.error, given)}`)
}
