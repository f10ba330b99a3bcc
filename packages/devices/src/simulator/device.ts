import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { BrokerError } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import { Cli } from './cli.ts'
import type { DeviceLog, DeviceLogEvent, LogoutReason } from './device-log.ts'
import { generateHostKey } from './host-key.ts'
import { Machine } from './machine.ts'
import { serveSsh, type Shell } from './ssh-connection.ts'
import { Terminal } from './terminal.ts'

export interface DeviceOptions {
  name: string
  /** Tells the devices of a simulator apart in addresses; from 1. */
  index: number
  host: string
  username: string
  password: string
  enablePassword: string | undefined
  latencyMs: number
  loginLatencyMs: number
  maxSessions: number
  log: DeviceLog
  clock: Clock
}

type State = { kind: 'stopped' } | { kind: 'listening'; server: Server }

interface LoggedIn {
  /** Frees the line. False when that had been done before. */
  end(reason: LogoutReason): boolean
}

/** One router that does not exist: an SSH server, its lines, its log. */
export class SimulatedDevice {
  readonly name: string
  /** Before each answer, in milliseconds; may be changed at any time. */
  latencyMs: number
  /** Before the verdict on a password, in milliseconds; may be changed at any time. */
  loginLatencyMs: number
  readonly #options: DeviceOptions
  readonly #machine: Machine
  readonly #sockets = new Set<Socket>()
  readonly #sessions = new Set<LoggedIn>()
  #state: State = { kind: 'stopped' }
  #hostKey = generateHostKey()
  #port = 0
  #sessionsSoFar = 0

  constructor(options: DeviceOptions) {
    this.name = options.name
    this.latencyMs = options.latencyMs
    this.loginLatencyMs = options.loginLatencyMs
    this.#options = options
    this.#machine = new Machine(options.name, options.index, options.clock)
  }

  get port(): number {
    return this.#port
  }

  /** `ssh-ed25519 AAAA...` */
  get hostKey(): string {
    return this.#hostKey.public
  }

  get openSessions(): number {
    return this.#sessions.size
  }

  /**
   * Listens; after a stop, on the same port as before.
   * @throws {BrokerError} `CONFIG_INVALID`
   */
  async start(): Promise<void> {
    if (this.#state.kind === 'listening') return
    // Without the delay that Nagle's algorithm adds, which ssh2 leaves switched on.
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
    this.#state = { kind: 'listening', server }
    server.listen(this.#port, this.#options.host)
    try {
      await once(server, 'listening')
    } catch (error) {
      this.#state = { kind: 'stopped' }
      throw this.#cannotListen(error)
    }
    this.#port = (server.address() as AddressInfo).port
  }

  /** Drops every session, and refuses connections until it is started again. */
  async stop(): Promise<void> {
    if (this.#state.kind === 'stopped') return
    const { server } = this.#state
    this.#state = { kind: 'stopped' }
    const closed = once(server, 'close')
    server.close()
    this.#endAll('stopped')
    await closed
  }

  /** Cuts every connection; returns how many sessions that ended. */
  dropSessions(): number {
    return this.#endAll('dropped')
  }

  /** From the next connection on. */
  changeHostKey(): void {
    this.#hostKey = generateHostKey()
  }

  #cannotListen(cause: unknown): BrokerError {
    const why = cause instanceof Error ? cause.message : String(cause)
    const what = `simulated device ${this.name} cannot listen on ${this.#options.host}`
    return new BrokerError('CONFIG_INVALID', `${what} (${why}); choose another host`, { cause })
  }

  #endAll(reason: LogoutReason): number {
    const ended = [...this.#sessions]
    for (const session of ended) session.end(reason)
    for (const socket of this.#sockets) socket.destroy()
    return ended.length
  }

  #accept(socket: Socket): void {
    const { username, password, clock } = this.#options
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    serveSsh(socket, {
      hostKey: this.#hostKey.private,
      username,
      password,
      loginLatencyMs: this.loginLatencyMs,
      clock,
      onShell: (shell) => this.#logIn(shell),
    })
  }

  #logIn({ channel, left }: Shell): void {
    const id = ++this.#sessionsSoFar
    if (this.#sessions.size >= this.#options.maxSessions) {
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

  async #talk(id: number, session: LoggedIn, terminal: Terminal): Promise<void> {
    const { enablePassword, clock } = this.#options
    const cli = new Cli({
      terminal,
      machine: this.#machine,
      record: (event) => this.#record(id, event),
      latencyMs: () => this.latencyMs,
      enablePassword,
      clock,
    })
    const reason = await cli.run()
    if (session.end(reason)) terminal.hangUp()
  }

  #record(session: number, event: DeviceLogEvent): void {
    const at = this.#options.clock.wallTime().toISOString()
    this.#options.log.write({ at, device: this.name, session, ...event })
  }
}
