import { BrokerError } from '@nac-broker/protocol'
import { VirtualClock } from '@nac-broker/supervisor'
import { iosxe } from '../platforms/iosxe.ts'
import type { Platform } from '../platforms/platform.ts'
import { Secrets } from '../secrets.ts'
import type { Session } from '../session.ts'
import type { Device } from '../testbed/testbed.ts'
import type { Transport, TransportReceiver } from '../transports/transport.ts'
import { Cli } from './cli.ts'
import { CliSession } from './cli-session.ts'
import { logIn } from './log-in.ts'

/** A transport whose bytes a test hands over piece by piece, each in a turn of its own. */
export class FedTransport implements Transport {
  readonly written: string[] = []
  #receiver: TransportReceiver | undefined
  #onWrite = (): void => {}

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver
  }

  write(text: string): void {
    this.written.push(text)
    this.#onWrite()
  }

  async feed(...pieces: string[]): Promise<void> {
    for (const piece of pieces) {
      this.#receiver?.onData(Buffer.from(piece))
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await turn()
    }
  }

  /** Hands over several pieces as one read. */
  feedAtOnce(...pieces: string[]): void {
    for (const piece of pieces) this.#receiver?.onData(Buffer.from(piece))
  }

  /** Resolves once `count` lines in all have been sent. */
  async sent(count: number): Promise<void> {
    while (this.written.length < count) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await new Promise<void>((resolve) => (this.#onWrite = resolve))
    }
  }

  hangUp(): void {
    const error = new BrokerError('SESSION_LOST', 'r1: the device closed the session')
    this.#receiver?.onClose(error)
  }

  async close(): Promise<void> {
    this.destroy()
  }

  destroy(): void {
    this.#receiver?.onClose(undefined)
    this.#receiver = undefined
  }
}

/** A text, ASCII only, in single bytes. */
export function bytesOf(text: string): string[] {
  return text.split('')
}

/** Lets what was fed be looked at. */
export async function turn(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve))
  await new Promise<void>((resolve) => void setImmediate(resolve))
}

export interface FedSession {
  transport: FedTransport
  session: Session
}

export function fedDevice(platform: Partial<Platform> = {}): Device {
  return {
    name: 'r1',
    platform: { ...iosxe, disablePaging: [], ...platform },
    connection: { protocol: 'command', command: '' },
    credentials: {},
    initConfigCommands: [],
  }
}

/** A session on `r1#` whose device echoes, or does not. */
export async function fedSession(
  options: {
    echo?: boolean
    prompt?: string
    platform?: Partial<Platform>
    clock?: VirtualClock
  } = {},
): Promise<FedSession> {
  const { echo = true, prompt = 'r1#', clock = new VirtualClock() } = options
  const transport = new FedTransport()
  const device = fedDevice({ disablePaging: ['quiet'], ...options.platform })
  const cli = new Cli(transport, device, { secrets: new Secrets(['enable-secret']), clock })
  const loggedIn = logIn(cli, () => 'enable-secret')
  await transport.feed(`\r\n${prompt}`)
  await transport.sent(1)
  await transport.feed(`${echo ? 'quiet\r\n' : ''}${prompt}`)
  // Without an echo, the prompt counts after a silence.
  if (!echo) await clock.advance(300)
  await loggedIn
  return { transport, session: new CliSession(cli, clock) }
}
