import type { Socket } from 'node:net'
import { BrokerError } from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import type { Client, ClientChannel } from 'ssh2'
import { oneLine } from '../cli/visible-text.ts'
import type { Secrets } from '../secrets.ts'
import { type TcpTarget, tcpReason } from './tcp.ts'
import type { Transport, TransportReceiver } from './transport.ts'

/** How long the device may take to close its side, in milliseconds. */
const CLOSE_MS = 2_000

export interface SshTransportParts {
  client: Client
  socket: Socket
  channel: ClientChannel
  target: TcpTarget
  clock: Clock
  secrets: Secrets
}

/** A shell in an SSH connection of its own, which ends with it. */
export class SshTransport implements Transport {
  readonly #parts: SshTransportParts
  /** Resolves when both sides of the socket are closed. */
  readonly #gone: Promise<void>
  #state: 'open' | 'closing' | 'closed' = 'open'
  #trouble: Error | undefined

  /** To be called in the very turn in which `channel` opens, so that nothing of it is missed. */
  constructor(parts: SshTransportParts) {
    const { client, socket, channel } = parts
    this.#parts = parts
    this.#gone = new Promise((resolve) => void socket.once('close', () => resolve()))
    client.on('error', (error) => (this.#trouble ??= error))
    // A write that fails is followed by the close, which is what counts.
    channel.on('error', () => {})
    channel.stderr.resume()
  }

  start(receiver: TransportReceiver): void {
    const { channel } = this.#parts
    channel.on('data', (bytes: Buffer) => receiver.onData(bytes))
    // Comes after the last byte, also when the whole connection is lost.
    channel.once('close', () => void this.#onShellClosed(receiver))
  }

  write(text: string): void {
    const { channel, socket } = this.#parts
    if (!channel.writable) return
    // ssh2 writes a packet in three pieces, each of which would travel, and wake the device, by itself.
    socket.cork()
    channel.write(text)
    socket.uncork()
  }

  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing'
    await this.#hangUp()
  }

  destroy(): void {
    if (this.#state === 'open') this.#state = 'closing'
    this.#parts.socket.destroy()
  }

  async #onShellClosed(receiver: TransportReceiver): Promise<void> {
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    if (wasOpen) receiver.onClose(this.#lost())
    await this.#hangUp()
    if (!wasOpen) receiver.onClose(undefined)
  }

  /** Says goodbye and waits for the device to close its side, but not for long. */
  async #hangUp(): Promise<void> {
    const { client, socket, clock } = this.#parts
    client.end()
    const patience = clock.startTimer(CLOSE_MS, () => socket.destroy())
    await this.#gone
    patience.cancel()
  }

  #lost(): BrokerError {
    const { target, secrets } = this.#parts
    const { device, host, port } = target
    const what = this.#trouble
      ? `the connection to ${host}:${port} was lost: ${oneLine(secrets.scrub(tcpReason(this.#trouble)), 120)}`
      : `the device (${host}:${port}) closed the session`
    return new BrokerError('SESSION_LOST', `${device}: ${what}`, { device, cause: this.#trouble })
  }
}
