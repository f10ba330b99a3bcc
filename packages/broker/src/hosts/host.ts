import type {
  BrokerEvent,
  BrokerStatistics,
  StatusResult,
  ToldEvent,
  WireError,
} from '@nac-broker/protocol'
import type { BrokerOptions } from '../options.ts'

/** What a broker is started with where it cannot be handed objects: everything here can be cloned. */
export interface HostedOptions extends Omit<
  BrokerOptions,
  'testbed' | 'env' | 'clock' | 'log' | 'onChildProcess'
> {
  testbed?: string
  socketPath: string
  /** pino's name of the level from which on log lines are sent over. */
  logLevel: string
  /** Whether commands are among the events that are sent over. */
  commandEvents: boolean
}

/** To a hosted broker. */
export type ToHosted =
  | { type: 'start'; options: HostedOptions }
  /** Answered with `alive` by the broker's own main loop. */
  | { type: 'probe' }
  | { type: 'status'; id: number }
  /** For the broker's subscribers; it does not come back with its events. */
  | { type: 'tell'; event: ToldEvent }
  /** Told again, the earlier deadline holds. */
  | { type: 'stop'; deadlineMs: number }

/** From a hosted broker. */
export type FromHosted =
  | { type: 'ready'; pid: number }
  /** It could not start; there is nothing to wait for any more. */
  | { type: 'failed'; error: WireError }
  /** The answer to a probe; unasked, it says that the statistics have changed. */
  | { type: 'alive'; statistics: BrokerStatistics }
  | { type: 'status'; id: number; status: StatusResult }
  /** A process was started for a device: nobody but whoever launched the broker can end it after that. */
  | { type: 'child'; pid: number }
  | { type: 'events'; events: BrokerEvent[] }
  /** A line of pino's JSON. */
  | { type: 'log'; line: string }
  | { type: 'stopped'; cutOff: string[]; statistics: BrokerStatistics }

/** How a hosted broker ended; a clean exit is one that it was asked for. */
export type HostExit = { clean: true } | { clean: false; why: string }

/** One hosted broker, from launch to exit. */
export interface Hosted {
  post(message: ToHosted): void
  /** Settles, never rejecting, when nothing of it runs any more. */
  readonly exited: Promise<HostExit>
  /** Ends it at once, whatever it does; await `exited` for when it has. */
  kill(): void
}

/** A way to run a broker so that its death is not ours. */
export type Host = (onMessage: (message: FromHosted) => void) => Hosted
