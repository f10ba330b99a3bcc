import type {
  BrokerEvent,
  BrokerStatistics,
  GenerationEvent,
  StatusResult,
  ToldEvent,
} from '@nac-broker/protocol'
import type { RunStore } from '@nac-broker/run-store'
import type { Logger } from 'pino'
import type { CloseOptions } from './broker.ts'
import type { Host } from './hosts/host.ts'
import type { BrokerOptions, BrokerSettings } from './options.ts'
import type { SocketPlace } from './socket-path.ts'

export type HostName = 'inline' | 'thread' | 'process'

export interface SuperviseBrokerOptions extends Omit<BrokerOptions, 'generation' | 'restarts'> {
  /**
   * Where the broker runs. Default `thread`. `inline`, on this process's own loop, can be neither
   * checked for stalls nor fenced nor restarted.
   */
  host?: HostName | Host
  /**
   * Goes on with the store at `storePath` as an earlier orchestrator of the same run left it: keys and
   * checkpoints hold, generations count on, the cache is cold. Default: a new store.
   */
  resume?: boolean
  /** Whether `events()` has each command as well. Default false. */
  commandEvents?: boolean
  /**
   * Called at once with each event of `events()`, and with those before `superviseBroker` resolves or
   * rejects, which nobody else can hear: how the first broker starts, or fails to. It must not throw.
   */
  onEvent?: (event: SupervisedBrokerEvent) => void
  /** Ends the broker, in whatever phase it is. `close()` then puts its things away, where there was one. */
  signal?: AbortSignal
}

/** What happens to the run's broker, beside what happens in it. */
export type SupervisedBrokerEvent = BrokerEvent | GenerationEvent

/** The run's broker, through all its generations. */
export interface SupervisedBroker extends AsyncDisposable {
  readonly socketPath: string
  /** The run's store; null where none can be used. */
  readonly storePath: string | null
  /** The latest. */
  readonly generation: number
  /** Aborted, with the error that says why, when the policy ended in abort. */
  readonly lost: AbortSignal
  /** What a subprocess needs in its environment to find the broker. */
  env(): Record<string, string>
  /** Summed over the generations; of the last few milliseconds before one was killed, some may be missing. */
  statistics(): BrokerStatistics
  /** @throws {BrokerError} `BROKER_LOST` while there is none */
  status(): Promise<StatusResult>
  /** What happens from now on, until the broker is closed. */
  events(): AsyncIterable<SupervisedBrokerEvent>
  /**
   * Tells those who read `events()` and the broker's subscribers; what is told while there is no broker,
   * no subscriber hears.
   */
  tell(event: ToldEvent): void
  /**
   * Returns what did not stop: the names of the devices whose sessions, or logins under way, had to be cut
   * off, and "the broker of generation N" where that did not answer and was ended. Of the deadline the last
   * second (of less than 5 s a fifth) is for what comes after the drain; it has at least a second for that.
   * Idempotent; called again, the earlier deadline holds.
   */
  close(options?: CloseOptions): Promise<string[]>
}

/** What a run's broker is made of, whichever way it is hosted. */
export interface Parts {
  options: SuperviseBrokerOptions
  settings: BrokerSettings
  place: SocketPlace
  store: RunStore | undefined
  log: Logger
  /** The latest that the store knows, 0 for a new run. */
  generation: number
}

export function environment({ settings, place, store }: Parts): Record<string, string> {
  return {
    NAC_TEST_BROKER_SOCKET: place.path,
    NAC_BROKER_POLICY: settings.crashPolicy.join(','),
    NAC_BROKER_CONNECT_TIMEOUT_MS: String(settings.connectTimeoutMs),
    ...(store && { NAC_BROKER_STORE: store.path }),
  }
}
