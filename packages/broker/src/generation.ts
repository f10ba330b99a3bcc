import {
  BrokerError,
  type BrokerEvent,
  type BrokerStatistics,
  type StatusResult,
  type ToldEvent,
} from '@nac-broker/protocol'
import { type Clock, LivenessCheck, type LivenessEvent, withDeadline } from '@nac-broker/supervisor'
import { NO_STATISTICS } from './broker-statistics.ts'
import { ChildProcesses } from './child-processes.ts'
import type { FromHosted, Host, Hosted, HostedOptions } from './hosts/host.ts'

/** What a broker has to put its things away when it has drained; of a short deadline no more than a fifth counts. */
const PUT_AWAY_MS = 1_000

export interface GenerationOptions {
  host: Host
  options: HostedOptions
  heartbeatIntervalMs: number
  heartbeatTimeoutMs: number
  /** How long its start may take, in milliseconds. */
  readyTimeoutMs: number
  clock: Clock
  onEvent: (event: BrokerEvent) => void
  /** Whether its main loop answers, once it is ready. */
  onLiveness: (event: LivenessEvent) => void
  onLog: (line: string) => void
  /** Told the pid of whoever it has started for a device, in time to have that ended should this process die. */
  onChildProcess: (pid: number) => void
}

/** One hosted broker, from launch to exit: ready when it says so, alive while its main loop answers. */
export class Generation {
  readonly #options: GenerationOptions
  readonly #hosted: Hosted
  readonly #detector: LivenessCheck
  readonly #ready = Promise.withResolvers<number>()
  /** Rejects with why the broker is lost; never resolves. */
  readonly #lost = Promise.withResolvers<never>()
  /** Settled one by one: a race with `lost` would have that hold every answer for as long as it is pending. */
  readonly #statusAnswers = new Map<number, PromiseWithResolvers<StatusResult>>()
  #lastStatusId = 0
  readonly #children = new ChildProcesses()
  #loss: BrokerError | undefined
  #cutOff: string[] = []
  /** It had to be ended. */
  #stubborn = false
  /** As of its last sign of life. */
  statistics: BrokerStatistics = NO_STATISTICS

  constructor(options: GenerationOptions) {
    this.#options = options
    this.#ready.promise.catch(() => {})
    this.#lost.promise.catch(() => {})
    this.#hosted = options.host((message) => this.#onMessage(message))
    this.#detector = new LivenessCheck({
      probe: () => this.#hosted.post({ type: 'probe' }),
      onEvent: (liveness) => {
        options.onLiveness(liveness)
        if (liveness.event === 'lost') this.#lose(stalled(liveness.silentMs))
      },
      intervalMs: options.heartbeatIntervalMs,
      timeoutMs: options.heartbeatTimeoutMs,
      clock: options.clock,
    })
    void this.#watchExit()
  }

  /** Resolves with the pid that owns the socket. @throws {BrokerError} why it could not start */
  async start(): Promise<number> {
    const { options, readyTimeoutMs, clock } = this.#options
    this.#hosted.post({ type: 'start', options })
    const pid = await withDeadline(this.#ready.promise, {
      ms: readyTimeoutMs,
      onTimeout: () => crashed(`it was not ready within ${readyTimeoutMs} ms`),
      clock,
    })
    this.#detector.start()
    return pid
  }

  /** Rejects with the reason when the broker crashes or stalls. */
  get lost(): Promise<never> {
    return this.#lost.promise
  }

  /** For its subscribers. */
  tell(event: ToldEvent): void {
    this.#hosted.post({ type: 'tell', event })
  }

  /** @throws {BrokerError} `BROKER_LOST` */
  async status(): Promise<StatusResult> {
    if (this.#loss) throw this.#loss
    const id = ++this.#lastStatusId
    const answer = Promise.withResolvers<StatusResult>()
    this.#statusAnswers.set(id, answer)
    this.#hosted.post({ type: 'status', id })
    return answer.promise
  }

  /**
   * Asks it to stop, waits the grace, then ends it. Returns what it had to cut off, and in words itself where
   * it did not stop. Called again, the earlier deadline holds.
   */
  async stop(deadlineMs: number): Promise<string[]> {
    this.#detector.stop()
    const drainMs = deadlineMs - Math.min(PUT_AWAY_MS, deadlineMs / 5)
    this.#hosted.post({ type: 'stop', deadlineMs: drainMs })
    const grace = this.#options.clock.startTimer(drainMs + PUT_AWAY_MS, () => {
      this.#stubborn = true
      this.#hosted.kill()
    })
    await this.#hosted.exited
    grace.cancel()
    const { generation } = this.#options.options
    return this.#stubborn
      ? [...this.#cutOff, `the broker of generation ${generation}`]
      : this.#cutOff
  }

  /** Ends it at once, and waits until nothing of it runs any more, what runs for its devices included. */
  async kill(): Promise<void> {
    this.#detector.stop()
    this.#hosted.kill()
    await this.#hosted.exited
    await this.#children.end(this.#options.clock)
  }

  async #watchExit(): Promise<void> {
    const exit = await this.#hosted.exited
    this.#detector.stop()
    const error = crashed(exit.clean ? 'it exited unasked' : exit.why)
    this.#ready.reject(error)
    this.#lose(error)
  }

  #lose(error: BrokerError): void {
    if (this.#loss) return
    this.#loss = error
    this.#lost.reject(error)
    for (const { reject } of this.#statusAnswers.values()) reject(error)
    this.#statusAnswers.clear()
  }

  #onMessage(message: FromHosted): void {
    this.#detector.heard()
    switch (message.type) {
      case 'ready':
        return this.#ready.resolve(message.pid)
      case 'failed':
        return this.#ready.reject(BrokerError.fromWire(message.error))
      case 'alive':
        this.statistics = message.statistics
        return
      case 'status':
        this.statistics = message.status.statistics
        this.#statusAnswers.get(message.id)?.resolve(message.status)
        this.#statusAnswers.delete(message.id)
        return
      case 'child':
        this.#children.add(message.pid)
        return this.#options.onChildProcess(message.pid)
      case 'events':
        for (const event of message.events) this.#options.onEvent(event)
        return
      case 'log':
        return this.#options.onLog(message.line)
      case 'stopped':
        this.#cutOff = message.cutOff
        this.statistics = message.statistics
    }
  }
}

function crashed(why: string): BrokerError {
  return new BrokerError('BROKER_LOST', `the broker crashed: ${why}`)
}

function stalled(silentMs: number): BrokerError {
  return new BrokerError('BROKER_LOST', `the broker stalled: silent for ${Math.round(silentMs)} ms`)
}
