import { BrokerError, type Json, type StatusResult } from '@nac-broker/protocol'
import type { Clock, EventFeed } from '@nac-broker/supervisor'
import { BrokerCommands } from './broker-commands.ts'
import { Call } from './call.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { Connection } from './connection.ts'
import type { Answer, DeviceCommands } from './device-commands.ts'
import type { ClientEvent } from './events.ts'
import { eventOf, type LifecycleState } from './lifecycle.ts'
import type { CallOptions, ChangeOptions, ExecuteOptions } from './options.ts'
import { withPolicy } from './policies/chain.ts'
import { resend } from './policies/restart.ts'
import type { ConfigureResult, ExecuteResult, Provenance } from './results.ts'

export interface ClientParts {
  timeoutMs: number
  clock: Clock
  feed: EventFeed<ClientEvent>
  checkpoints: Checkpoints
  /** For changes that have no key of the caller's. */
  newId: () => string
}

/** A connection to the run's broker. Calls may be made concurrently; answers come as they are ready. */
export class BrokerClient implements AsyncDisposable {
  readonly #connection: Connection
  readonly #commands: DeviceCommands
  readonly #timeoutMs: number
  readonly #clock: Clock
  readonly #feed: EventFeed<ClientEvent>
  readonly #checkpoints: Checkpoints
  readonly #newId: () => string

  /** Use `connect()`. */
  constructor(connection: Connection, { timeoutMs, clock, feed, ...parts }: ClientParts) {
    this.#connection = connection
    this.#commands = withPolicy(new BrokerCommands(connection), connection.policy, connection)
    this.#timeoutMs = timeoutMs
    this.#clock = clock
    this.#feed = feed
    this.#checkpoints = parts.checkpoints
    this.#newId = parts.newId
  }

  /** How the client stands with its broker. */
  get state(): LifecycleState['kind'] {
    return this.#connection.state.kind
  }

  /** Aborted when the broker was lost and the crash policy has ended in `abort`; the reason says why. */
  get lost(): AbortSignal {
    return this.#connection.lost
  }

  async execute(
    device: string,
    command: string,
    options: ExecuteOptions = {},
  ): Promise<ExecuteResult> {
    const { idempotent, cache } = options
    // Whether a command is read-only only the platform knows; with those a key has no effect.
    const key = options.key ?? (idempotent ? undefined : this.#newId())
    return this.#settle(options, async (call) => {
      const request = { device, command, idempotent, cache, key }
      const answer = await this.#commands.execute(call, request)
      return { output: text(answer), cached: answer.cached, ...provenance(answer, call) }
    })
  }

  async configure(
    device: string,
    lines: readonly string[],
    options: ChangeOptions = {},
  ): Promise<ConfigureResult> {
    const request = { device, lines: [...lines], key: options.key ?? this.#newId() }
    return this.#settle(options, async (call) => {
      const answer = await this.#commands.configure(call, request)
      return { output: text(answer), ...provenance(answer, call) }
    })
  }

  async connect(device: string, options: CallOptions = {}): Promise<void> {
    await this.#settle(options, (call) => this.#commands.connect(call, { device }))
  }

  async disconnect(device: string, options: CallOptions = {}): Promise<void> {
    await this.#settle(options, (call) => this.#commands.disconnect(call, { device }))
  }

  /**
   * Says how far this worker has come: any JSON value up to 1 MiB, which replaces the one before. It
   * outlives the worker, its attempts and the broker, and is there for whoever resumes the run.
   */
  async checkpoint(value: unknown, options: CallOptions = {}): Promise<void> {
    await this.#settle(options, (call) => this.#checkpoints.set(call, value))
  }

  /** What this worker has last said with `checkpoint()`, in any attempt; undefined if nothing. */
  async lastCheckpoint(options: CallOptions = {}): Promise<Json | undefined> {
    return this.#settle(options, (call) => this.#checkpoints.last(call))
  }

  /** Devices, sessions, queues, cache: what the broker knows without asking a device. */
  async status(options: CallOptions = {}): Promise<StatusResult> {
    const connection = this.#connection
    return this.#settle(options, (call) => {
      const send = (): Promise<StatusResult> => connection.link().request('status', {}, call)
      return connection.policy[0] === 'restart'
        ? resend({ connection, call, repeatable: true, send })
        : send()
    })
  }

  /** Answered by the broker's main loop, whatever the devices do; returns the round trip in milliseconds. */
  async ping(options: CallOptions = {}): Promise<number> {
    return this.#settle(options, async (call) => {
      await this.#connection.link().request('ping', {}, call)
      return call.elapsedMs
    })
  }

  /**
   * How the client stands with its broker, and then what happens, in the broker too, until the client
   * is closed or has ended with its broker.
   */
  async *events(options: CallOptions = {}): AsyncGenerator<ClientEvent, void, undefined> {
    const stream = this.#feed.stream(options.signal)
    const standing = eventOf(this.#connection.state)
    await this.#settle(options, (call) => this.#connection.subscribe(call)).catch(passOver)
    yield standing
    yield* stream
  }

  /** Pending calls reject with `CANCELLED`. The broker keeps its sessions; our own are closed. */
  async close(): Promise<void> {
    await this.#connection.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #settle<Value>(
    { timeoutMs = this.#timeoutMs, signal }: CallOptions,
    act: (call: Call) => Promise<Value>,
  ): Promise<Value> {
    const call = new Call({ timeoutMs, signal }, this.#clock)
    try {
      return await act(call)
    } catch (error) {
      throw call.failure(error)
    }
  }
}

/** A subscription that was lost with its broker is renewed with the next one. */
function passOver(error: unknown): void {
  if (!(error instanceof BrokerError) || error.code !== 'BROKER_LOST') throw error
}

function provenance({ via, generation }: Answer, call: Call): Provenance {
  return { via, attempts: call.attempts, generation, durationMs: call.elapsedMs }
}

function text({ output }: Answer): string {
  return Buffer.from(output.buffer, output.byteOffset, output.byteLength).toString('utf8')
}
