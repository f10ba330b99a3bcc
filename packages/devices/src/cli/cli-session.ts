import { BrokerError, type Sent } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import { assertOneLine } from '../command-text.ts'
import type { Secrets } from '../secrets.ts'
import type { RunOptions, Session, SessionEnd } from '../session.ts'
import type { Cli } from './cli.ts'
import { configure, leaveConfiguration } from './configuration.ts'
import { refusalIn } from './refusal.ts'

/** A session on a command line that is logged in. */
export class CliSession implements Session {
  readonly device: string
  readonly secrets: Secrets
  readonly ended: Promise<SessionEnd>
  readonly #cli: Cli
  readonly #clock: Clock
  #state: 'idle' | 'running' | 'ended' = 'idle'

  constructor(cli: Cli, clock: Clock) {
    this.device = cli.device.name
    this.secrets = cli.secrets
    this.#cli = cli
    this.#clock = clock
    this.ended = cli.closed.then((error) => {
      this.#state = 'ended'
      return error ? { by: 'device', error } : { by: 'us' }
    })
  }

  get isOpen(): boolean {
    return this.#state !== 'ended'
  }

  async execute(command: string, options: RunOptions): Promise<Buffer> {
    assertOneLine(command, this.#cli.device)
    const output = await this.#run(options, async () => {
      const printed = await this.#cli.type(command)
      await leaveConfiguration(this.#cli)
      return printed
    })
    const words = refusalIn(output, this.#cli.device.platform.errorPatterns)
    if (words === undefined) return output
    throw this.#error(
      'COMMAND_REJECTED',
      `the device refused the command: ${this.#cli.quote(words, 200)}`,
      'yes',
    )
  }

  async configure(lines: readonly string[], options: RunOptions): Promise<Buffer> {
    for (const line of lines) assertOneLine(line, this.#cli.device)
    return this.#run(options, () => configure(this.#cli, lines))
  }

  async close(): Promise<void> {
    if (this.#state === 'running') this.#cli.fail(this.#closed('yes'))
    this.#state = 'ended'
    await this.#cli.close()
    await this.ended
  }

  destroy(): void {
    this.#end(this.#closed('yes'))
  }

  /** Bounds `work` by the options; what ends it early ends the session. */
  async #run<Value>({ timeoutMs, signal }: RunOptions, work: () => Promise<Value>): Promise<Value> {
    if (this.#state === 'ended') throw this.#closed('no')
    if (this.#state === 'running') {
      throw this.#error('INTERNAL', 'a command was started while another one was running', 'no')
    }
    if (signal?.aborted) throw this.#error('CANCELLED', 'cancelled before it was sent', 'no')
    this.#state = 'running'
    const timer = this.#clock.startTimer(timeoutMs, () => this.#end(this.#timedOut(timeoutMs)))
    const onAbort = (): void => this.#end(this.#error('CANCELLED', 'cancelled', 'yes'))
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await work()
    } catch (error) {
      throw error instanceof BrokerError && error.code === 'SESSION_LOST' ? sent(error) : error
    } finally {
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
      this.#afterRun()
    }
  }

  /** A session that is not back at the `work` prompt is of no use to anybody. */
  #afterRun(): void {
    if (this.#state !== 'running') return
    if (this.#cli.level === 'work') this.#state = 'idle'
    else this.#end(this.#closed('yes'))
  }

  #end(error: BrokerError): void {
    this.#state = 'ended'
    this.#cli.fail(error)
  }

  #timedOut(timeoutMs: number): BrokerError {
    const { lastWords } = this.#cli
    const question = /[?:\]]$/.test(lastWords) ? `; it asks "${lastWords}"` : ''
    const what = `no prompt within ${timeoutMs} ms, so the session was ended${question}`
    return this.#error('COMMAND_TIMEOUT', what, 'yes')
  }

  #closed(sentBefore: Sent): BrokerError {
    return this.#error('SESSION_LOST', 'the session was closed', sentBefore)
  }

  #error(
    code: 'COMMAND_REJECTED' | 'COMMAND_TIMEOUT' | 'CANCELLED' | 'SESSION_LOST' | 'INTERNAL',
    what: string,
    sentBefore: Sent,
  ): BrokerError {
    return new BrokerError(code, `${this.device}: ${what}`, {
      device: this.device,
      sent: sentBefore,
    })
  }
}

/** The same loss, seen by a command that was running. */
function sent(error: BrokerError): BrokerError {
  const { code, message, device, cause } = error
  return new BrokerError(code, message, { device, cause, sent: 'yes' })
}
