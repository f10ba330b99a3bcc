import {
  asBrokerError,
  BrokerError,
  type BrokerStatistics,
  type StatusResult,
  type ToldEvent,
} from '@nac-broker/protocol'
import {
  type ServeRun,
  supervise,
  type SupervisionResult,
  systemClock,
  whenAborted,
  failpoint,
} from '@nac-broker/supervisor'
import { type Logger, pino } from 'pino'
import type { CloseOptions } from './broker.ts'
import { BrokerNews } from './broker-news.ts'
import { NO_STATISTICS, statisticsLine, sumOf } from './broker-statistics.ts'
import { crashStory } from './crash-story.ts'
import { Fence } from './fence.ts'
import { cancelledStart } from './cancelled-start.ts'
import { Generation } from './generation.ts'
import type { Host } from './hosts/host.ts'
import { Standby } from './hosts/standby.ts'
import { BROKER_UNIT } from './unit-change.ts'
import {
  environment,
  type Parts,
  type SupervisedBroker,
  type SupervisedBrokerEvent,
} from './supervised-broker.ts'

/** A broker that is not ready by then never will be, even on a machine that has no time to spare. */
const FIRST_READY_MS = 30_000
/** Clients wait for this one, by default for 30 s: time for another, should it hang in its start. */
const NEXT_READY_MS = 10_000

/** Keeps one broker running, generation after generation. */
export class BrokerSupervisor implements SupervisedBroker {
  readonly #host: Host
  readonly #standby: Standby | undefined
  readonly #parts: Parts
  readonly #news: BrokerNews
  readonly #fence: Fence | undefined
  readonly #stop = new AbortController()
  readonly #lost = new AbortController()
  readonly #firstReady = Promise.withResolvers<void>()
  #past: BrokerStatistics[] = []
  #current: Generation | undefined
  #closing: { deadlineMs: number; done: Promise<string[]> } | undefined
  #cutOff: string[] = []
  #supervision: Promise<void> = Promise.resolve()
  generation: number

  private constructor(host: Host, parts: Parts) {
    const restarts = parts.settings.crashPolicy[0] === 'restart'
    this.#standby = restarts ? new Standby(host, parts.options.clock ?? systemClock) : undefined
    this.#host = this.#standby?.launch ?? host
    this.#parts = parts
    this.#news = new BrokerNews(parts, () => this.#current)
    this.#fence = parts.store && new Fence(parts.store, parts.options.clock ?? systemClock)
    this.generation = parts.generation
  }

  static async start(host: Host, parts: Parts): Promise<BrokerSupervisor> {
    const supervisor = new BrokerSupervisor(host, parts)
    supervisor.#supervision = supervisor.#supervise()
    try {
      await supervisor.#firstReady.promise
    } catch (error) {
      // Whoever asked for a broker is told; there is nobody yet to restart it for.
      supervisor.#stop.abort()
      await supervisor.#supervision
      await supervisor.#news.end()
      await parts.place.clear()
      throw error
    }
    return supervisor
  }

  get socketPath(): string {
    return this.#parts.place.path
  }

  get storePath(): string | null {
    return this.#parts.store?.path ?? null
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  env(): Record<string, string> {
    return environment(this.#parts)
  }

  statistics(): BrokerStatistics {
    return [...this.#past, ...(this.#current ? [this.#current.statistics] : [])].reduce(
      sumOf,
      NO_STATISTICS,
    )
  }

  async status(): Promise<StatusResult> {
    if (!this.#current) throw new BrokerError('BROKER_LOST', 'there is no broker at the moment')
    return this.#current.status()
  }

  events(): AsyncIterable<SupervisedBrokerEvent> {
    return this.#news.stream()
  }

  tell(event: ToldEvent): void {
    this.#news.tell(event)
  }

  close({ deadlineMs = 5_000 }: CloseOptions = {}): Promise<string[]> {
    if (this.#closing) void this.#current?.stop(deadlineMs)
    this.#closing ??= { deadlineMs, done: this.#close() }
    return this.#closing.done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<string[]> {
    // After #closing is set, so that the generation finds its deadline there.
    await Promise.resolve()
    this.#stop.abort()
    await this.#supervision
    await this.#news.end()
    const { store, place, log } = this.#parts
    await store?.supervision.end().catch(() => {})
    await store?.close()
    await place.clear()
    await place.release()
    log.info(statisticsLine(this.statistics()))
    return this.#cutOff
  }

  async #supervise(): Promise<void> {
    const { options, settings } = this.#parts
    const [first] = settings.crashPolicy
    const signals = [this.#stop.signal, ...(options.signal ? [options.signal] : [])]
    const result = await supervise('broker', (run) => this.#serve(run), {
      restart: first === 'restart' ? 'transient' : 'temporary',
      signal: AbortSignal.any(signals),
      clock: options.clock ?? systemClock,
      onEvent: (event) => {
        if (event.event !== 'backing-off') return
        const { delayMs } = event
        this.#news.emit({ event: 'restarting', generation: this.generation + 1, delayMs })
      },
    })
    await this.#standby?.close()
    // Told to end before there was a broker: whoever waits for one is told, too.
    this.#firstReady.reject(cancelledStart(options.signal))
    if (this.#giveUp(result)) {
      const { store, log } = this.#parts
      const noted = store?.supervision.giveUp()
      // Who does not read it there waits for a broker until its own deadline.
      await noted?.catch((error: unknown) => log.error({ err: error }, 'not noted in the store'))
    }
  }

  /** One generation, until it is lost (then this rejects) or told to stop. */
  async #serve(run: ServeRun): Promise<void> {
    const { options, settings, place, store, log } = this.#parts
    await this.#fence?.endAll()
    const number = ++this.generation
    const { testbed, clock = systemClock } = options
    failpoint('supervisor.broker.launching')
    const generation = new Generation({
      host: this.#host,
      options: {
        ...settings,
        ...(testbed !== undefined && {
          testbed: typeof testbed === 'string' ? testbed : testbed.path,
        }),
        ...(store && { storePath: store.path }),
        generation: number,
        restarts: number - this.#parts.generation - 1,
        socketPath: place.path,
        logLevel: log.level,
        commandEvents: options.commandEvents ?? false,
      },
      heartbeatIntervalMs: settings.heartbeatIntervalMs,
      heartbeatTimeoutMs: settings.heartbeatTimeoutMs,
      readyTimeoutMs: this.#past.length === 0 ? FIRST_READY_MS : NEXT_READY_MS,
      clock,
      onEvent: (event) => this.#news.emit(event),
      onLiveness: ({ event, silentMs }) =>
        event === 'alive' ? run.healthy() : run.unhealthy(silentMs),
      onLog: (line) => relog(log, line),
      onChildProcess: (pid) => options.onChildProcess?.(pid),
    })
    const stopped = whenAborted(run.signal)
    this.#news.units.start(BROKER_UNIT)
    try {
      const pid = await Promise.race([generation.start(), stopped])
      if (pid === undefined) return
      failpoint('supervisor.broker.ready')
      this.#current = generation
      run.ready()
      this.#firstReady.resolve()
      this.#news.emit({ event: 'listening', generation: number, pid, socket: place.path })
      this.#news.units.tell(BROKER_UNIT.name, 'ready')
      await Promise.race([generation.lost, stopped])
      this.#news.units.tell(BROKER_UNIT.name, 'stopping')
      this.#cutOff = await generation.stop(this.#closing?.deadlineMs ?? 5_000)
    } catch (error) {
      // What ending it takes is no health either.
      run.unhealthy()
      const { message } = asBrokerError(error)
      // The first one that does not come up is told to who asked for it: nobody had a broker to lose.
      if (this.#current === undefined && this.#past.length === 0) this.#firstReady.reject(error)
      else {
        this.#news.emit({ event: 'broker-lost', generation: number, message })
        log.error({ generation: number }, message)
      }
      this.#news.units.fail(BROKER_UNIT.name, message)
      throw error
    } finally {
      // Fence before it is replaced: nothing of it runs, and then nothing of it counts, any more.
      failpoint('supervisor.broker.to-be-killed')
      await generation.kill()
      await place.tidy()
      failpoint('supervisor.broker.to-be-fenced')
      await this.#fence
        ?.end(number)
        .catch((error: unknown) => log.error({ err: error }, 'not fenced'))
      failpoint('supervisor.broker.fenced')
      this.#news.units.tell(BROKER_UNIT.name, 'stopped')
      this.#past.push(generation.statistics)
      if (this.#current === generation) this.#current = undefined
    }
  }

  /** False where somebody wanted it to end. */
  #giveUp(result: SupervisionResult): boolean {
    if (result.status !== 'escalated') return false
    // One that never came up was told to who asked for it.
    if (result.crashes.every(({ readyMs }) => readyMs === undefined)) return false
    const { log, settings } = this.#parts
    const { generation } = this
    failpoint('supervisor.broker.given-up')
    const message = crashStory(result.crashes)
    this.#firstReady.reject(new BrokerError('BROKER_LOST', message))
    if (settings.crashPolicy.at(-1) === 'fallback') {
      log.error({ generation }, `${message}; clients go to the devices directly`)
      this.#news.emit({ event: 'fallback', generation })
      this.#fence?.keepTrying(this.#stop.signal).catch(() => {})
      return true
    }
    log.error({ generation }, message)
    this.#lost.abort(new BrokerError('BROKER_LOST', message))
    this.#news.emit({ event: 'aborted', generation, message })
    return true
  }
}

/** Writes a hosted broker's line as one of ours. */
function relog(log: Logger, line: string): void {
  const { level, time: _time, pid: _pid, hostname: _host, msg, ...fields } = JSON.parse(line)
  const name = pino.levels.labels[Number(level)]
  if (name !== undefined) log[name as pino.Level](fields, String(msg))
}
