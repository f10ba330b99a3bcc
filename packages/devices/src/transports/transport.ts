import type { BrokerError } from '@nac-broker/protocol'
import type { Within } from '../login-deadline.ts'
import type { Device } from '../testbed/testbed.ts'

/** A byte stream to a device's CLI, already authenticated, nothing known of prompts. */
export interface Transport {
  /** Takes over the stream; called once, before which arriving bytes are kept. */
  start(receiver: TransportReceiver): void
  write(text: string): void
  /**
   * Ends the stream in good order. Resolves when the *other side* has closed too, so that a session
   * slot counted by the device is free again; after 2 s without that it is destroyed.
   */
  close(): Promise<void>
  /** Ends the stream at once. Idempotent. */
  destroy(): void
}

/** @throws {BrokerError} why the device cannot be reached, or lets nobody in */
export type OpenTransport = (device: Device, within: Within) => Promise<Transport>

export interface TransportReceiver {
  onData(bytes: Buffer): void
  /** Called once, whoever ended it. `error` says what happened when it was not our doing. */
  onClose(error: BrokerError | undefined): void
}
