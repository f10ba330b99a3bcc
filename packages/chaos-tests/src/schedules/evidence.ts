import type { SupervisedBrokerEvent } from '@nac-broker/broker'
import type { DeviceLogEntry } from '@nac-broker/devices'
import type { ErrorCode, Sent } from '@nac-broker/protocol'
import type { PlannedCall, Schedule } from './schedule.ts'

export type CallOutcome =
  | { readonly kind: 'acknowledged'; readonly output: string; readonly cached: boolean }
  | {
      readonly kind: 'failed'
      /** Undefined for what is no `BrokerError`. */
      readonly code: ErrorCode | undefined
      readonly sent: Sent | undefined
      readonly message: string
    }
  | { readonly kind: 'pending' }
  /** Its client's process was killed: whether it was made nobody knows. */
  | { readonly kind: 'client-died' }

/** What a client asked for and what it was told. */
export interface CallRecord extends PlannedCall {
  /** Which client has asked, and which of its callers: `2.1`. */
  readonly caller: string
  /** How much of the devices' log there was when it was asked, and when it settled. */
  askedAt: number
  settledAt: number
  /** On the clock of the broker's turns. */
  startedMs: number
  tookMs: number
  /** Still pending so long after its deadline, as its own process had the time. */
  late: boolean
  /** For how long in this time its process, one of its own, was kept from running. */
  lagMs: number
  /** For how long in this time its process could have run and had no processor. */
  waitedMs: number
  outcome: CallOutcome
}

/** A client that found no way to any device: neither a broker nor, by its policy, one without. */
export interface Unconnected {
  /** As in `caller`: which client, or `last`. */
  readonly client: string
  /** On the clock of the broker's turns. */
  readonly atMs: number
  readonly message: string
}

export interface BrokerTurn {
  readonly atMs: number
  readonly event: SupervisedBrokerEvent
}

/** A fault that has been made to happen, on the clock of the broker's turns. */
export interface InjectedFault {
  readonly name: string
  readonly args: unknown
  readonly fromMs: number
  /** When it was over; undefined where it never was. */
  toMs: number | undefined
}

export interface Kept {
  readonly what: string
  readonly most: number
  readonly cap: number
}

/** Everything that a run is judged by. None of it is the broker's or the client's own account. */
export interface Evidence {
  readonly schedule: Schedule
  /** In a real one a device knows no more than the machine tells it, and time is the machine's. */
  readonly level: 'real' | 'simulated'
  readonly deviceLog: readonly DeviceLogEntry[]
  readonly calls: readonly CallRecord[]
  /** Made by another client when everything is over, for each device until one succeeds; none where there is no way. */
  readonly lastCalls: readonly CallRecord[]
  readonly unconnected: readonly Unconnected[]
  readonly turns: readonly BrokerTurn[]
  /** Brokers that still ran when the next one was told to start, or none was to follow, in words. */
  readonly overlaps: readonly string[]
  readonly injected: readonly InjectedFault[]
  /** When the run began: on the clock of the turns, and by the devices' calendar. */
  readonly began: { readonly atMs: number; readonly at: Date }
  /** When the broker was told to close, on the clock of the turns. */
  readonly closedAtMs: number
  /** The most sessions that were held at a time by whoever had logged in, where somebody knows. */
  readonly mostHeld:
    | { readonly all: number; readonly byDevice: ReadonlyMap<string, number> }
    | undefined
  /** What was there after everything was closed, in words. */
  readonly left: readonly string[]
  /** By how much the memory of the process that judges has grown, in bytes. */
  readonly grownBytes: number
  /** By how much that of the process that hosts the broker had grown at most. */
  readonly peakBytes: number
  /** What the broker has kept at most, of those moments at which it was asked. */
  readonly kept: readonly Kept[]
  /** Everything that was told or kept, but for the outputs that were asked for. */
  readonly texts: Readonly<Record<string, string>>
}
