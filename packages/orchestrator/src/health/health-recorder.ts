import type { SupervisedBrokerEvent } from '@nac-broker/broker'
import type { CommandEvent, DirectEvent } from '@nac-broker/protocol'
import { commandName } from './command-name.ts'
import { DeviceHealth, isoTime } from './device-health.ts'
import type { HealthError, HealthReport } from './health-report.ts'
import { isError } from './is-error.ts'
import { LatencySteps } from './latency-steps.ts'
import { rounded } from './latency-histogram.ts'
import { WorkerHealth } from './worker-health.ts'

const MAX_SLOWEST = 20
const MAX_ERRORS = 200
/** A client of another version may leave it out. */
const UNTOLD = 'its cause was not told'

/** What the run's broker tells, and what its clients write into the store. */
export type HealthEvent = SupervisedBrokerEvent | DirectEvent

/** What a worker does, for who watches the run. */
export interface WorkerActivity {
  /** How many commands have ended. */
  commands: number
  /** How often it has said how far it has come, in all its attempts. */
  checkpoints: number
  last?: CommandEvent
  /** When it last joined, got an answer, waited for one or made a checkpoint; undefined: never. */
  lastTrafficMs?: number
}

/**
 * Makes the report on a run's health out of its events, one after the other. What it holds depends on
 * how many workers and devices the run has, not on how much happens. Moments are milliseconds of the
 * calendar's time.
 */
export class HealthRecorder {
  readonly #workers: ReadonlyMap<string, WorkerHealth>
  readonly #devices: ReadonlyMap<string, DeviceHealth>
  readonly #activity = new Map<string, Omit<WorkerActivity, 'commands' | 'checkpoints'>>()
  readonly #steps = new LatencySteps()
  readonly #slowest: HealthReport['slowest'] = []
  readonly #errors: HealthError[] = []
  #errorCount = 0

  /** Of others than these nothing is recorded but errors and latencies. */
  constructor({ workers, devices }: { workers: readonly string[]; devices: readonly string[] }) {
    this.#workers = new Map(workers.map((name) => [name, new WorkerHealth()]))
    this.#devices = new Map(devices.map((name) => [name, new DeviceHealth()]))
  }

  record(event: HealthEvent, atMs: number): void {
    switch (event.event) {
      case 'session-opened':
        return this.#devices.get(event.device)?.sessionOpened(atMs)
      case 'session-closed':
        return this.#devices.get(event.device)?.sessionClosed(event, atMs)
      case 'login-failed': {
        const { device, code, message } = event
        this.#devices.get(device)?.loginFailed(event, atMs)
        return this.#error({ at: isoTime(atMs), device, code, message })
      }
      case 'client-joined': {
        const worker = this.#workerOf(event)
        worker?.outages.joined(event.id ?? `${event.client}`, event.outages)
        return this.#traffic(event.worker, atMs)
      }
      case 'client-left':
        return this.#workerOf(event)?.outages.left(event.id ?? `${event.client}`)
      case 'client-direct':
        this.#workerOf(event)?.outages.direct(event.id, event.outages)
        return this.#traffic(event.worker, atMs)
      case 'command':
        return this.#command(event, atMs)
      case 'checkpoint': {
        const worker = this.#workerOf(event)
        if (worker) worker.checkpoints++
        return this.#traffic(event.worker, atMs)
      }
      case 'waiting':
        for (const worker of event.workers) this.#traffic(worker, atMs)
        return
      case 'broker-lost': {
        const { message } = event
        for (const { outages } of this.#workers.values()) outages.brokerLost(atMs)
        for (const device of this.#devices.values()) device.brokerLost(atMs)
        return this.#error({ at: isoTime(atMs), code: 'BROKER_LOST', message })
      }
      case 'unit':
      case 'policy-decision':
      case 'draining':
      case 'missed':
      case 'listening':
      case 'restarting':
      case 'fallback':
      case 'aborted':
    }
  }

  /** Nothing more is to be heard of this worker's clients. */
  workerEnded(name: string, atMs: number): void {
    this.#workers.get(name)?.outages.ended(atMs)
  }

  activity(worker: string): WorkerActivity {
    const { commands = 0, checkpoints = 0 } = this.#workers.get(worker) ?? {}
    return { commands, checkpoints, ...this.#activity.get(worker) }
  }

  /** When the worker last had anything to do with a broker or a device; undefined: never. */
  lastTraffic(worker: string): number | undefined {
    return this.#activity.get(worker)?.lastTrafficMs
  }

  report(atMs: number): HealthReport {
    return {
      workers: [...this.#workers].map(([name, worker]) => worker.report(name, atMs)),
      devices: [...this.#devices].map(([name, device]) => device.report(name)),
      latencyHistogram: this.#steps.steps(),
      slowest: [...this.#slowest],
      errorCount: this.#errorCount,
      errors: [...this.#errors],
    }
  }

  #command(event: CommandEvent, atMs: number): void {
    const { device, worker, code, ms } = event
    this.#workerOf(event)?.command(event)
    this.#devices.get(device)?.command(event)
    if (worker !== undefined && this.#workers.has(worker)) {
      this.#activity.set(worker, { last: event, lastTrafficMs: atMs })
    }
    const at = isoTime(atMs)
    const who = { device, ...(worker !== undefined && { worker }) }
    const command = commandName(event)
    if (isError(event)) {
      this.#error({ at, ...who, command, code: event.code, message: event.message ?? UNTOLD })
    }
    if (code !== undefined || event.what === 'connect') return
    this.#steps.record(ms)
    const slower = this.#slowest.findIndex((one) => one.ms < ms)
    if (slower === -1 && this.#slowest.length === MAX_SLOWEST) return
    const place = slower === -1 ? this.#slowest.length : slower
    const slow = { ...who, command, ms: rounded(ms), at }
    this.#slowest.splice(place, 0, slow)
    if (this.#slowest.length > MAX_SLOWEST) this.#slowest.pop()
  }

  #workerOf({ worker }: { worker?: string | undefined }): WorkerHealth | undefined {
    return worker === undefined ? undefined : this.#workers.get(worker)
  }

  #traffic(worker: string | undefined, atMs: number): void {
    if (worker === undefined || !this.#workers.has(worker)) return
    this.#activity.set(worker, { ...this.#activity.get(worker), lastTrafficMs: atMs })
  }

  #error(error: HealthError): void {
    this.#errorCount++
    if (this.#errors.length < MAX_ERRORS) this.#errors.push(error)
  }
}
