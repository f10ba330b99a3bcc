import type { Testbed } from '@nac-broker/devices'
import type { RunStore } from '@nac-broker/run-store'
import type { Clock } from '@nac-broker/supervisor'
import type { Logger } from 'pino'
import type { BrokerFeed } from './broker-feed.ts'
import type { Tally } from './broker-statistics.ts'
import type { CommandEvents } from './command-events.ts'
import type { BrokerSettings } from './options.ts'
import type { OutputCache } from './output-cache.ts'
import type { Pool } from './pool.ts'
import type { Scheduler } from './scheduler.ts'

/** The parts of one broker, for what answers its clients. */
export interface BrokerContext {
  readonly settings: BrokerSettings
  readonly testbed: Testbed | undefined
  readonly socketPath: string
  readonly startedMs: number
  /** The run's store; undefined where there is none. */
  readonly store: RunStore | undefined
  readonly pool: Pool
  readonly scheduler: Scheduler
  readonly cache: OutputCache
  readonly tally: Tally
  readonly feed: BrokerFeed
  readonly commands: CommandEvents
  readonly clock: Clock
  readonly log: Logger
  /** How many clients are connected. */
  clients: () => number
}
