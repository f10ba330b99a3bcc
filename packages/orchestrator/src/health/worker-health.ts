import type { CommandEvent } from '@nac-broker/protocol'
import type { WorkerHealthReport } from './health-report.ts'
import { isError } from './is-error.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { OutageTally } from './outage-tally.ts'

/** What one worker asked for, and how it fared. */
export class WorkerHealth {
  readonly outages = new OutageTally()
  /** Made with the first command: most runs have workers that never send one. */
  #latency: LatencyHistogram | undefined
  #retries = 0
  #commands = 0
  #fromCache = 0
  #direct = 0
  #errors = 0
  checkpoints = 0

  get commands(): number {
    return this.#commands
  }

  command(event: CommandEvent): void {
    this.#retries += Math.max(0, event.attempts - 1)
    if (isError(event)) this.#errors++
    if (event.what === 'connect') return
    this.#commands++
    if (event.via === 'direct') this.#direct++
    if (event.from === 'cache') this.#fromCache++
    if (event.code === undefined) (this.#latency ??= new LatencyHistogram()).record(event.ms)
  }

  report(name: string, atMs: number): WorkerHealthReport {
    const latencyMs = this.#latency?.percentiles()
    const { disconnects, reconnects, downtimeMs, heartbeatsMissed } = this.outages.report(atMs)
    return {
      name,
      disconnects,
      reconnects,
      downtimeMs,
      heartbeatsMissed,
      retries: this.#retries,
      commands: this.#commands,
      fromCache: this.#fromCache,
      direct: this.#direct,
      errors: this.#errors,
      ...(latencyMs && { latencyMs }),
    }
  }
}
