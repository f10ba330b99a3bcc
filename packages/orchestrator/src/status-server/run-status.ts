import type { SupervisedBroker } from '@nac-broker/broker'
import { BrokerError, type StatusResult } from '@nac-broker/protocol'
import { Batch, type Clock, type Timer, withDeadline } from '@nac-broker/supervisor'
import type { BrokerHistory } from '../broker-history.ts'
import type { RunReport } from '../report.ts'
import type { WorkerActivity } from '../health/health-recorder.ts'
import { Board } from './board.ts'
import { DocumentChanges } from './document-changes.ts'
import { EventLog } from './event-log.ts'
import { Followers } from './followers.ts'
import { Metrics } from './metrics.ts'
import type { BrokerView, StatusDocument } from './status-document.ts'
import type { StatusEvent } from './status-event.ts'

/** How long an event waits for others; a death does not. */
const EVENTS = { waitMs: 40, maxItems: 1_000 }
/** How often those who follow are told what has changed without an event: queues, sessions, counts. */
const LOOK_MS = 500
/** How many looks without news there are before those who follow are told that there is none. */
const QUIET_LOOKS = 10
/** A broker that does not answer in that time does not answer. */
const ANSWER_MS = 1_000

export interface RunStatusOptions {
  devices: readonly string[]
  /** In their order; none where there is just a broker. */
  workers: readonly string[]
  clock: Clock
}

/** What is told of a run, or of a broker without one, as it goes on. */
export interface Watched {
  broker: SupervisedBroker
  history: Pick<BrokerHistory, 'generations'>
  runId?: string
  /** What a worker asks of the devices. */
  activity?: (worker: string) => WorkerActivity
}

/** What is known of a run while it goes on, and those who are told. */
export class RunStatus {
  readonly log = new EventLog()
  readonly metrics = new Metrics()
  readonly followers: Followers
  readonly #board: Board
  readonly #clock: Clock
  readonly #startedAt: string
  readonly #changes = new DocumentChanges()
  readonly #events: Batch<StatusEvent>
  #watched: Watched | undefined
  #brokerEnd: 'fallback' | 'ended' | undefined
  #result: RunReport['status'] | undefined
  #document: StatusDocument
  #looking: Promise<void> | undefined
  /** When the broker has last answered, or not; what happens to it makes that void. */
  #lookedMs = -Infinity
  #timer: Timer | undefined
  /** Whether more than commands is new since the status was last looked at. */
  #hasNews = false
  #quietLooks = 0
  #deathToldMs = -Infinity

  constructor({ devices, workers, clock }: RunStatusOptions) {
    this.#clock = clock
    this.#startedAt = clock.wallTime().toISOString()
    this.#board = new Board(devices, workers)
    this.#document = this.#build(undefined)
    this.followers = new Followers({
      log: this.log,
      clock,
      status: () => ({ whole: true, ...this.#document }),
    })
    this.#events = new Batch(() => this.#tell(), { ...EVENTS, clock })
    this.#look()
  }

  /** Who is asked from now on. What happens in the broker and to it is recorded from its first sign on. */
  follow(watched: Watched): void {
    this.#watched = watched
  }

  /** Only these workers are still to be run. */
  begin(toDo: readonly string[]): void {
    this.#board.begin(toDo)
  }

  record(event: StatusEvent): void {
    const at = this.#clock.wallTime()
    this.log.append(event, at)
    this.metrics.record(event)
    this.#board.take(event, at.toISOString())
    if (event.event === 'fallback') this.#brokerEnd = 'fallback'
    if (event.event === 'aborted') this.#brokerEnd = 'ended'
    if (event.event === 'run-finished') this.#result = event.status
    if (event.event !== 'command') this.#hasNews = true
    if (event.event === 'listening' || event.event === 'broker-lost') this.#lookedMs = -Infinity
    this.#events.add(event)
    if (event.event === 'unit' && event.state === 'failed') this.#tellDeath()
  }

  /** As it is now. */
  async document(): Promise<StatusDocument> {
    await this.#refresh()
    return this.#document
  }

  /** By the last look, where that is not old: whoever asks for this need not be trusted. */
  async brokerAnswers(): Promise<boolean> {
    if (this.#clock.now() - this.#lookedMs >= LOOK_MS) await this.#refresh()
    return this.#document.broker.state === 'up'
  }

  /** Tells everybody what there is, and then the end. */
  close(): void {
    this.#timer?.cancel()
    this.#events.flush()
    this.#publish(undefined)
    this.followers.close()
  }

  /** At once; where many die together the first one, and the others as everything else. */
  #tellDeath(): void {
    const nowMs = this.#clock.now()
    if (nowMs - this.#deathToldMs < EVENTS.waitMs) return
    this.#deathToldMs = nowMs
    this.#events.flush()
  }

  #look(): void {
    this.#timer = this.#clock.startTimer(LOOK_MS, () => {
      if (this.followers.size > 0) void this.#refresh()
      this.#look()
    })
  }

  #tell(): void {
    this.followers.tell()
    if (this.#hasNews && this.followers.size > 0) void this.#refresh()
    this.#hasNews = false
  }

  /** One at a time: who comes meanwhile has the answer of the one under way. */
  #refresh(): Promise<void> {
    this.#looking ??= this.#lookAgain()
    return this.#looking
  }

  async #lookAgain(): Promise<void> {
    const askedMs = this.#clock.now()
    const status = await this.#askBroker()
    this.#looking = undefined
    this.#lookedMs = askedMs
    this.#publish(status)
  }

  #publish(status: StatusResult | undefined): void {
    this.#document = this.#build(status)
    const news = this.#changes.since(this.#document)
    if (!news && ++this.#quietLooks < QUIET_LOOKS) return
    this.#quietLooks = 0
    this.followers.tellStatus(news ?? { whole: false, ...this.#document, devices: [], workers: [] })
  }

  async #askBroker(): Promise<StatusResult | undefined> {
    const broker = this.#watched?.broker
    if (!broker) return undefined
    try {
      return await withDeadline(broker.status(), {
        ms: ANSWER_MS,
        onTimeout: () => new BrokerError('BROKER_LOST', 'the broker does not answer'),
        clock: this.#clock,
      })
    } catch {
      return undefined
    }
  }

  #build(status: StatusResult | undefined): StatusDocument {
    const { runId, activity } = this.#watched ?? {}
    const state = this.#result ? 'finished' : this.#watched ? 'running' : 'starting'
    return {
      at: this.#clock.wallTime().toISOString(),
      run: {
        ...(runId !== undefined && { id: runId }),
        startedAt: this.#startedAt,
        state,
        ...(this.#result && { result: this.#result }),
      },
      broker: this.#brokerView(status),
      devices: this.#board.devices(status),
      workers: this.#board.workers(activity),
      watches: this.#board.watches,
    }
  }

  #brokerView(answer: StatusResult | undefined): BrokerView {
    const { broker, history } = this.#watched ?? {}
    const generations = history?.generations ?? []
    const base = {
      policy: broker?.env()['NAC_BROKER_POLICY'] ?? '',
      generation: broker?.generation ?? 0,
      restarts: Math.max(0, generations.length - 1),
      generations,
    }
    if (!broker) return { state: 'starting', ...base }
    if (!answer) return { state: this.#result ? 'ended' : (this.#brokerEnd ?? 'lost'), ...base }
    const { devices: _, ...status } = answer
    return { state: 'up', ...base, status }
  }
}
