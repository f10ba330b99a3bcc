import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { BrokerError } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import { oneLine } from '../cli/visible-text.ts'
import type { Within } from '../login-deadline.ts'
import type { Secrets } from '../secrets.ts'
import type { Transport, TransportReceiver } from './transport.ts'

/** How long a command may take to end once its input has, in milliseconds; then it gets SIGTERM. */
const CLOSE_MS = 2_000
/** How long it may take to end after SIGTERM, in milliseconds; then it gets SIGKILL. */
const TERMINATE_MS = 1_000
/** How much of its latest standard error is kept. */
const STDERR_BYTES = 2_048

export interface CommandOptions {
  device: string
  command: string
  env: NodeJS.ProcessEnv
  within: Within
  clock: Clock
  /** Kept out of what is told of its standard error. */
  secrets: Secrets
  /** Told the pid, which is also its process group, as soon as there is one. */
  onChildProcess?: ((pid: number) => void) | undefined
}

/**
 * A child process as the device's CLI.
 * @throws {BrokerError} `DEVICE_UNREACHABLE` when it cannot be started, `CANCELLED`
 */
export async function openCommand(options: CommandOptions): Promise<Transport> {
  const { device, command, env, within, clock, secrets, onChildProcess } = options
  // A process group of its own, so that whatever the shell starts can be ended with it.
  const child = spawn('/bin/sh', ['-c', command], { env, detached: true })
  if (child.pid !== undefined) onChildProcess?.(child.pid)
  const transport = new CommandTransport(device, child, { clock, secrets })
  const failed = (why: string, cause?: unknown): BrokerError =>
    new BrokerError('DEVICE_UNREACHABLE', `${device}: its command cannot be started: ${why}`, {
      device,
      cause,
    })
  try {
    await within(once(child, 'spawn'), (ms) => failed(`not within ${ms} ms`))
    return transport
  } catch (error) {
    transport.destroy()
    if (error instanceof BrokerError) throw error
    throw failed(error instanceof Error ? error.message : String(error), error)
  }
}

class CommandTransport implements Transport {
  readonly #device: string
  readonly #child: ChildProcessWithoutNullStreams
  readonly #clock: Clock
  readonly #secrets: Secrets
  /** Resolves when the child has exited and all it wrote has been read. */
  readonly #gone: Promise<void>
  #state: 'open' | 'closing' = 'open'
  #stderr = Buffer.alloc(0)

  constructor(
    device: string,
    child: ChildProcessWithoutNullStreams,
    { clock, secrets }: Pick<CommandOptions, 'clock' | 'secrets'>,
  ) {
    this.#device = device
    this.#child = child
    this.#clock = clock
    this.#secrets = secrets
    this.#gone = new Promise((resolve) => void child.once('close', () => resolve()))
    // Whoever writes to a command that has exited learns it from the close.
    child.stdin.on('error', () => {})
    child.stderr.on('data', (bytes: Buffer) => {
      this.#stderr = Buffer.concat([this.#stderr, bytes]).subarray(-STDERR_BYTES)
    })
    // What the shell left behind holds the pipes, and no session.
    child.once('exit', () => this.#signal('SIGKILL'))
  }

  start(receiver: TransportReceiver): void {
    this.#child.stdout.on('data', (bytes: Buffer) => receiver.onData(bytes))
    void this.#gone.then(() =>
      receiver.onClose(this.#state === 'open' ? this.#exited() : undefined),
    )
  }

  write(text: string): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(text)
  }

  async close(): Promise<void> {
    this.#state = 'closing'
    this.#child.stdout.resume()
    this.#child.stdin.end()
    let patience = this.#clock.startTimer(CLOSE_MS, () => {
      this.#signal('SIGTERM')
      patience = this.#clock.startTimer(TERMINATE_MS, () => this.#signal('SIGKILL'))
    })
    await this.#gone
    patience.cancel()
  }

  destroy(): void {
    this.#state = 'closing'
    this.#child.stdout.resume()
    this.#signal('SIGKILL')
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      // Nobody is left in the group.
    }
  }

  #exited(): BrokerError {
    const { exitCode, signalCode } = this.#child
    const how = signalCode === null ? `exited with code ${exitCode}` : `was ended by ${signalCode}`
    const lines = this.#secrets.scrub(this.#stderr.toString()).split('\n')
    const last = lines.map((line) => oneLine(line, 200)).findLast((line) => line !== '')
    const message = `${this.#device}: its command ${how}${last === undefined ? '' : `: ${last}`}`
    return new BrokerError('SESSION_LOST', message, { device: this.#device })
  }
}
