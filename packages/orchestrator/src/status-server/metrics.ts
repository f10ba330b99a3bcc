import type { CommandEvent, StatusResult } from '@nac-broker/protocol'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { StatusDocument } from './status-document.ts'
import type { StatusEvent } from './status-event.ts'

/** From a cached answer to a command that times out. */
const COMMAND_BUCKETS_S = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]
const LOGIN_BUCKETS_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** What `GET /metrics` counts: what happened from events, what is from the status of the moment. */
export class Metrics {
  readonly registry = new Registry()
  readonly #registers = [this.registry]
  readonly #commands = new Counter({
    name: 'nac_broker_commands_total',
    help: 'Requests for devices that have ended, by their result: ok, or the code of the error',
    labelNames: ['device', 'what', 'from', 'via', 'result'],
    registers: this.#registers,
  })
  readonly #commandSeconds = new Histogram({
    name: 'nac_broker_command_duration_seconds',
    help: 'How long commands and configurations took that were answered',
    labelNames: ['from'],
    buckets: COMMAND_BUCKETS_S,
    registers: this.#registers,
  })
  readonly #logins = new Counter({
    name: 'nac_broker_logins_total',
    help: 'Attempts to log in to a device, by their result: ok, or the code of the error',
    labelNames: ['device', 'result'],
    registers: this.#registers,
  })
  readonly #loginSeconds = new Histogram({
    name: 'nac_broker_login_duration_seconds',
    help: 'How long logins took that succeeded, from TCP to the first prompt',
    buckets: LOGIN_BUCKETS_S,
    registers: this.#registers,
  })
  readonly #sessionsClosed = new Counter({
    name: 'nac_broker_sessions_closed_total',
    help: 'Device sessions that ended, by whom',
    labelNames: ['device', 'by'],
    registers: this.#registers,
  })
  readonly #losses = new Counter({
    name: 'nac_broker_losses_total',
    help: 'How often the broker was lost',
    registers: this.#registers,
  })
  readonly #missed = new Counter({
    name: 'nac_broker_events_missed_total',
    help: 'Events that came too fast to be counted here',
    registers: this.#registers,
  })
  readonly #up = this.#gauge('nac_broker_up', 'Whether a broker answers, 1 or 0')
  readonly #generation = this.#gauge('nac_broker_generation', 'Of the broker, counted from 1')
  readonly #clients = this.#gauge('nac_broker_clients', 'Clients connected to the broker')
  readonly #sessions = this.#gauge('nac_broker_sessions', 'Device sessions by state', [
    'device',
    'state',
  ])
  readonly #queued = this.#gauge(
    'nac_broker_commands_queued',
    'Commands that wait for a session of the device',
    ['device'],
  )
  readonly #failed = this.#gauge(
    'nac_broker_device_failed',
    'Whether the device ended its last session or could not be logged in to, 1 or 0',
    ['device'],
  )
  readonly #cacheEntries = this.#gauge('nac_broker_cache_entries', 'Outputs in the cache')
  readonly #cacheBytes = this.#gauge('nac_broker_cache_bytes', 'Size of the outputs in the cache')
  readonly #workers = this.#gauge('nac_broker_workers', "The run's workers by state", ['state'])
  readonly #followers = this.#gauge(
    'nac_broker_event_stream_clients',
    'Clients connected to the event stream',
  )

  record(event: StatusEvent): void {
    switch (event.event) {
      case 'command':
        return this.#command(event)
      case 'session-opened':
        this.#logins.inc({ device: event.device, result: 'ok' })
        return this.#loginSeconds.observe(event.openMs / 1000)
      case 'login-failed':
        return this.#logins.inc({ device: event.device, result: event.code })
      case 'session-closed':
        return this.#sessionsClosed.inc({ device: event.device, by: event.by })
      case 'broker-lost':
        return this.#losses.inc()
      case 'missed':
        return this.#missed.inc(event.count)
      default:
    }
  }

  /** The text of now. */
  async text(document: StatusDocument, followers: number): Promise<string> {
    const { broker, devices, workers } = document
    this.#up.set(broker.status ? 1 : 0)
    this.#generation.set(broker.generation)
    this.#followers.set(followers)
    this.#ofBroker(broker.status)
    for (const { name: device, sessions, queued, state } of devices) {
      for (const [kind, count] of Object.entries(sessions))
        this.#sessions.set({ device, state: kind }, count)
      this.#queued.set({ device }, queued)
      this.#failed.set({ device }, state === 'failed' ? 1 : 0)
    }
    this.#workers.reset()
    for (const { state } of workers) this.#workers.inc({ state })
    return this.registry.metrics()
  }

  #ofBroker(status: Omit<StatusResult, 'devices'> | undefined): void {
    this.#clients.set(status?.clients ?? 0)
    this.#cacheEntries.set(status?.cache.entries ?? 0)
    this.#cacheBytes.set(status?.cache.bytes ?? 0)
  }

  #command({ device, what, from, via, ms, code }: CommandEvent): void {
    this.#commands.inc({ device, what, from, via, result: code ?? 'ok' })
    if (code === undefined && what !== 'connect') this.#commandSeconds.observe({ from }, ms / 1000)
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: this.#registers })
  }
}
