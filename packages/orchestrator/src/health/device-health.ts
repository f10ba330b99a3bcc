import type { BrokerEvent, CommandEvent } from '@nac-broker/protocol'
import type { DeviceHealthReport } from './health-report.ts'
import { isError } from './is-error.ts'
import { LatencyHistogram, rounded } from './latency-histogram.ts'

const MAX_SESSIONS = 1_000

type SessionClosed = Extract<BrokerEvent, { event: 'session-closed' }>
type LoginFailed = Extract<BrokerEvent, { event: 'login-failed' }>

/** How one device fared, whoever reached it. Moments are milliseconds of the calendar's time. */
export class DeviceHealth {
  readonly #sessions: { openedAt: string; closedAt?: string; by?: string }[] = []
  #latency: LatencyHistogram | undefined
  #disconnects = 0
  #reconnects = 0
  #downtimeMs = 0
  #loginFailures = 0
  #retries = 0
  #commands = 0
  #errors = 0
  /** Since when it has no session through no doing of ours, and when a login was last tried. */
  #down: { sinceMs: number; triedAtMs: number } | undefined

  command(event: CommandEvent): void {
    this.#retries += Math.max(0, event.attempts - 1)
    if (isError(event)) this.#errors++
    if (event.what === 'connect') return
    this.#commands++
    const answered = event.from === 'device' && event.code === undefined
    if (answered) (this.#latency ??= new LatencyHistogram()).record(event.ms)
  }

  sessionOpened(atMs: number): void {
    if (this.#reconnects < this.#disconnects) this.#reconnects++
    if (this.#down) this.#downtimeMs += Math.max(0, atMs - this.#down.sinceMs)
    this.#down = undefined
    this.#sessions.push({ openedAt: isoTime(atMs) })
    if (this.#sessions.length > MAX_SESSIONS) this.#sessions.shift()
  }

  /** The one that was opened first, where there are several: events do not tell them apart. */
  sessionClosed({ by }: SessionClosed, atMs: number): void {
    const session = this.#open[0]
    if (session) Object.assign(session, { closedAt: isoTime(atMs), by })
    if (by !== 'device') return
    this.#disconnects++
    if (this.#open.length === 0) this.#down ??= { sinceMs: atMs, triedAtMs: atMs }
  }

  /** Its sessions through the broker are gone, and that is not its fault. */
  brokerLost(atMs: number): void {
    for (const session of this.#open) {
      Object.assign(session, { closedAt: isoTime(atMs), by: 'broker-lost' })
    }
  }

  loginFailed({ code }: LoginFailed, atMs: number): void {
    this.#loginFailures++
    if (code === 'DEVICE_UNREACHABLE' && this.#open.length === 0) {
      this.#down ??= { sinceMs: atMs, triedAtMs: atMs }
    }
    if (this.#down) this.#down.triedAtMs = atMs
  }

  report(name: string): DeviceHealthReport {
    const latencyMs = this.#latency?.percentiles()
    // Nobody knows of a device that nobody has tried to reach since.
    const stillDownMs = this.#down ? this.#down.triedAtMs - this.#down.sinceMs : 0
    return {
      name,
      disconnects: this.#disconnects,
      reconnects: this.#reconnects,
      downtimeMs: rounded(this.#downtimeMs + stillDownMs),
      loginFailures: this.#loginFailures,
      sessions: this.#sessions.map((session) => ({ ...session })),
      retries: this.#retries,
      commands: this.#commands,
      errors: this.#errors,
      ...(latencyMs && { latencyMs }),
    }
  }

  get #open(): { openedAt: string; closedAt?: string; by?: string }[] {
    return this.#sessions.filter(({ closedAt }) => closedAt === undefined)
  }
}

export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString()
}
