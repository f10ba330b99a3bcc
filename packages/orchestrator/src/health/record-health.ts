import type { SupervisedBroker } from '@nac-broker/broker'
import type { DirectEvent } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import { DirectEvents } from './direct-events.ts'
import { type HealthEvent, HealthRecorder } from './health-recorder.ts'
import type { HealthReport } from './health-report.ts'

export interface HealthRecording {
  readonly recorder: HealthRecorder
  /** Nothing more is to be heard of this worker. */
  workerEnded(name: string): void
  /** Takes in what direct clients have done; await it before the broker is closed, and its store gone. */
  lookIntoStore(): Promise<void>
  /** Resolves when the broker is closed. */
  report(): Promise<HealthReport>
}

export interface RecordHealthOptions {
  /** Names of those to report on. */
  workers: readonly string[]
  devices: readonly string[]
  /** The last event in the store that is of before this run was resumed. */
  afterEvent: number
  clock: Clock
  /** Told of everything that is recorded, with the calendar's time in milliseconds. */
  onEvent?: (event: HealthEvent, atMs: number) => void
  /** Told of what clients do without the broker, when it is known. */
  onDirect?: (event: DirectEvent) => void
}

/** Records how a run fares, from now on until its broker is closed. */
export function recordHealth(
  broker: SupervisedBroker,
  { clock, afterEvent, onEvent, onDirect, ...names }: RecordHealthOptions,
): HealthRecording {
  const recorder = new HealthRecorder(names)
  const record = (event: HealthEvent, atMs: number): void => {
    recorder.record(event, atMs)
    onEvent?.(event, atMs)
  }
  const direct = new DirectEvents(broker.storePath, { clock, after: afterEvent }, (event, atMs) => {
    record(event, atMs)
    onDirect?.(event)
  })
  const nowMs = (): number => clock.wallTime().getTime()
  const follow = async (): Promise<void> => {
    for await (const event of broker.events()) record(event, nowMs())
  }
  const following = Promise.all([follow(), direct.follow(broker)])
  return {
    recorder,
    workerEnded: (name) => recorder.workerEnded(name, nowMs()),
    lookIntoStore: () => direct.look(),
    async report() {
      await following
      return recorder.report(nowMs())
    },
  }
}
