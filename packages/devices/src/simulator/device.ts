import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { BrokerError } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import type { DeviceLog } from './device-log.ts'
import { generateHostKey } from './host-key.ts'
import { Lines } from './lines.ts'
import type { Quirk } from './quirk.ts'
import { serveSsh } from './ssh-connection.ts'

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

/** One router that does not exist: an SSH server, and its lines behind it. */
export class SimulatedDevice {
  readonly name: string
  /** Before each answer, in milliseconds; may be changed at any time. */
  latencyMs: number
  /** Before the verdict on a password, in milliseconds; may be changed at any time. */
  loginLatencyMs: number
  /** How it misbehaves; may be changed at any time. */
  quirk: Quirk | undefined
  readonly #options: DeviceOptions
  readonly #lines: Lines
  readonly #sockets = new Set<Socket>()
  #state: State = { kind: 'stopped' }
  #hostKey = generateHostKey()
  #port = 0

  constructor(options: DeviceOptions) {
    this.name = options.name
    this.latencyMs = options.latencyMs
    this.loginLatencyMs = options.loginLatencyMs
    this.#options = options
    this.#lines = new Lines({
      ...options,
      latencyMs: () => this.latencyMs,
      quirk: () => this.quirk,
    })
  }

  get port(): number {
    return this.#port
  }

  /** `ssh-ed25519 AAAA...` */
  get hostKey(): string {
    return this.#hostKey.public
  }

  get openSessions(): number {
    return this.#lines.open
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
    this.#lines.endAll('stopped')
    this.#cutConnections()
    await closed
  }

  /** Cuts every connection, closing or resetting it (TCP's FIN or RST); returns how many sessions that ended. */
  dropSessions(how: 'close' | 'reset' = 'close'): number {
    if (how === 'reset') for (const socket of this.#sockets) socket.resetAndDestroy()
    const ended = this.#lines.endAll('dropped')
    this.#cutConnections()
    return ended
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

  #cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
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
      onShell: (shell) => this.#lines.logIn(shell),
    })
  }
}
