import { BrokerError, type BrokerEvent, type StatusResult } from '@nac-broker/protocol'
import { type Clock, EventFeed, systemClock } from '@nac-broker/supervisor'
import type {
  ConfigureResult,
  DeviceCommands,
  ExecuteResult,
  Provenance,
} from './device-commands.ts'
import type { Link } from './link.ts'
import { openLink } from './open-link.ts'
import type { CallOptions, ConnectOptions, ExecuteOptions } from './options.ts'

const DEFAULT_CONNECT_TIMEOUT_MS = 5_000
const DEFAULT_TIMEOUT_MS = 120_000

/** A connection to the run's broker. Calls may be made concurrently; answers come as they are ready. */
export class BrokerClient implements DeviceCommands, AsyncDisposable {
  readonly #link: Link
  readonly #timeoutMs: number
  readonly #clock: Clock
  readonly #feed: EventFeed<BrokerEvent>

  /** Use `connect()`. */
  constructor(link: Link, timeoutMs: number, clock: Clock, feed: EventFeed<BrokerEvent>) {
    this.#link = link
    this.#timeoutMs = timeoutMs
    this.#clock = clock
    this.#feed = feed
    void link.ended.then(() => feed.end())
  }

  async execute(
    device: string,
    command: string,
    options: ExecuteOptions = {},
  ): Promise<ExecuteResult> {
    const startedMs = this.#clock.now()
    const { idempotent, cache } = options
    const params = { device, command, idempotent, cache }
    const { output, cached } = await this.#link.request('execute', params, this.#limits(options))
    return { output: text(output), cached, ...this.#provenance(startedMs) }
  }

  async configure(
    device: string,
    lines: readonly string[],
    options: CallOptions = {},
  ): Promise<ConfigureResult> {
    const startedMs = this.#clock.now()
    const params = { device, lines: [...lines] }
    const { output } = await this.#link.request('configure', params, this.#limits(options))
    return { output: text(output), ...this.#provenance(startedMs) }
  }

  async connect(device: string, options: CallOptions = {}): Promise<void> {
    await this.#link.request('connect', { device }, this.#limits(options))
  }

  async disconnect(device: string, options: CallOptions = {}): Promise<void> {
    await this.#link.request('disconnect', { device }, this.#limits(options))
  }

  /** Devices, sessions, queues, cache: what the broker knows without asking a device. */
  async status(options: CallOptions = {}): Promise<StatusResult> {
    return this.#link.request('status', {}, this.#limits(options))
  }

  /** Answered by the broker's main loop, whatever the devices do; returns the round trip in milliseconds. */
  async ping(options: CallOptions = {}): Promise<number> {
    const startedMs = this.#clock.now()
    await this.#link.request('ping', {}, this.#limits(options))
    return this.#clock.now() - startedMs
  }

  /** What happens in the broker from now on, until the connection is over. */
  async *events(options: CallOptions = {}): AsyncGenerator<BrokerEvent, void, undefined> {
    const stream = this.#feed.stream(options.signal)
    await this.#link.request('subscribe', {}, this.#limits(options))
    yield* stream
  }

  /** Pending calls reject with `CANCELLED`. The broker keeps its sessions for the next client. */
  async close(): Promise<void> {
    this.#link.close(new BrokerError('CANCELLED', 'the client was closed'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #limits({ timeoutMs = this.#timeoutMs, signal }: CallOptions): {
    timeoutMs: number
    signal: AbortSignal | undefined
  } {
    return { timeoutMs, signal }
  }

  #provenance(startedMs: number): Provenance {
    const durationMs = this.#clock.now() - startedMs
    return { via: 'broker', attempts: 1, generation: this.#link.welcome.generation, durationMs }
  }
}

/**
 * Connects to the run's broker.
 * @throws {BrokerError} `BROKER_UNAVAILABLE` (also where no socket is named), `BROKER_BUSY`,
 * `PROTOCOL_VIOLATION`, `CANCELLED`
 */
export async function connect(options: ConnectOptions = {}): Promise<BrokerClient> {
  const { env = process.env, clock = systemClock, signal } = options
  const socketPath = options.socketPath ?? env['NAC_TEST_BROKER_SOCKET']
  if (!socketPath) {
    throw new BrokerError(
      'BROKER_UNAVAILABLE',
      'no broker is named: set NAC_TEST_BROKER_SOCKET, or give socketPath',
    )
  }
  const feed = new EventFeed<BrokerEvent>((count) => ({ event: 'missed', count }))
  const link = await openLink({
    socketPath,
    name: options.name ?? env['NAC_BROKER_WORKER'] ?? 'client',
    connectTimeoutMs: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    signal,
    clock,
    onEvent: (event) => feed.emit(event),
  })
  return new BrokerClient(link, options.timeoutMs ?? DEFAULT_TIMEOUT_MS, clock, feed)
}

function text(output: Uint8Array): string {
  return Buffer.from(output.buffer, output.byteOffset, output.byteLength).toString('utf8')
}
