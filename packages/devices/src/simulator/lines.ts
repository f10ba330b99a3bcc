import type { Clock } from '@nac-broker/supervisor'
import { Cli } from './cli.ts'
import type { DeviceLog, DeviceLogEvent, LogoutReason } from './device-log.ts'
import { Machine } from './machine.ts'
import type { Quirk } from './quirk.ts'
import { type ShellChannel, Terminal } from './terminal.ts'

export interface LinesOptions {
  name: string
  /** Tells the devices of a simulator apart in addresses; from 1. */
  index: number
  enablePassword: string | undefined
  maxSessions: number
  log: DeviceLog
  clock: Clock
  /** Asked before each answer, in milliseconds. */
  latencyMs: () => number
  /** Asked whenever it matters. */
  quirk: () => Quirk | undefined
}

export interface Shell {
  channel: ShellChannel
  /** Aborted when the client has closed the shell or its connection is gone. */
  left: AbortSignal
}

interface LoggedIn {
  /** Frees the line. False when that had been done before. */
  end(reason: LogoutReason): boolean
}

/** What is behind a device's login, whatever carries its shells: its lines, its machine, its log. */
export class Lines {
  readonly #options: LinesOptions
  readonly #machine: Machine
  readonly #sessions = new Set<LoggedIn>()
  #sessionsSoFar = 0

  constructor(options: LinesOptions) {
    this.#options = options
    this.#machine = new Machine(options.name, options.index, options.clock)
  }

  get isFull(): boolean {
    const { maxSessions, quirk } = this.#options
    return this.#sessions.size >= maxSessions || quirk()?.kind === 'lines taken'
  }

  get open(): number {
    return this.#sessions.size
  }

  logIn({ channel, left }: Shell): void {
    const id = ++this.#sessionsSoFar
    if (this.isFull) {
      this.#record(id, { event: 'refused', reason: 'all lines are in use' })
      channel.resume()
      channel.end('% All VTY lines are in use\r\n')
      return
    }
    const over = new AbortController()
    const session: LoggedIn = {
      end: (reason) => {
        if (!this.#sessions.delete(session)) return false
        this.#record(id, { event: 'logout', reason })
        over.abort()
        return true
      },
    }
    this.#sessions.add(session)
    this.#record(id, { event: 'login' })
    left.addEventListener('abort', () => session.end('client closed'), { once: true })
    void this.#talk(id, session, new Terminal(channel, over.signal))
  }

  /** Frees every line; returns how many were in use. */
  endAll(reason: LogoutReason): number {
    const ended = [...this.#sessions]
    for (const session of ended) session.end(reason)
    return ended.length
  }

  async #talk(id: number, session: LoggedIn, terminal: Terminal): Promise<void> {
    const { enablePassword, clock, latencyMs, quirk } = this.#options
    const cli = new Cli({
      terminal,
      machine: this.#machine,
      record: (event) => this.#record(id, event),
      latencyMs,
      quirk,
      enablePassword,
      clock,
    })
    const reason = await cli.run()
    if (session.end(reason)) terminal.hangUp()
  }

  #record(session: number, event: DeviceLogEvent): void {
    const { clock, log, name: device } = this.#options
    log.write({ at: clock.wallTime().toISOString(), device, session, ...event })
  }
}
