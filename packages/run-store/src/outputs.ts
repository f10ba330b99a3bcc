import type { Statement } from './statement.ts'
import { failpoint } from '@nac-broker/supervisor'
import { oldestRemover, type TableBounds } from './bounded-table.ts'
import type { Connection } from './connection.ts'
import type { Epochs } from './epochs.ts'

export interface Output {
  device: string
  command: string
  /** The device's epoch when the command began. */
  epoch: number
  content: Uint8Array
  ttlMs: number
}

/**
 * What read-only commands showed, for the brokers of a run that come after. Never for an output that
 * contains a known secret.
 */
export class Outputs {
  readonly #connection: Connection
  readonly #epochs: Epochs
  readonly #maxBytesEach: number
  readonly #removeOldest: () => void
  readonly #removeReplaced: Statement
  readonly #insert: Statement
  readonly #select: Statement
  readonly #removeAll: Statement

  constructor(
    connection: Connection,
    epochs: Epochs,
    { maxBytesEach, ...bounds }: TableBounds & { maxBytesEach: number },
  ) {
    this.#connection = connection
    this.#epochs = epochs
    this.#maxBytesEach = Math.min(maxBytesEach, bounds.maxBytes)
    this.#removeOldest = oldestRemover(connection, 'outputs', bounds)
    this.#removeReplaced = connection.prepare(
      'DELETE FROM outputs WHERE device = ? AND (command = ? OR epoch <> ? OR expires_ms <= ?)',
    )
    this.#insert = connection.prepare(
      'INSERT INTO outputs (device, command, epoch, expires_ms, content) VALUES (?, ?, ?, ?, ?)',
    )
    this.#select = connection.prepare(
      `SELECT content FROM outputs
       WHERE device = ?1 AND command = ?2 AND expires_ms > ?3
         AND epoch = coalesce((SELECT epoch FROM epochs WHERE device = ?1), 0)`,
    )
    this.#removeAll = connection.prepare('DELETE FROM outputs')
  }

  /** False, and nothing stored, when the epoch is over or the output larger than one may be. */
  async put({ device, command, epoch, content, ttlMs }: Output): Promise<boolean> {
    if (content.length > this.#maxBytesEach) return false
    return this.#connection.write(() => {
      if (this.#epochs.epochOf(device) !== epoch) return false
      const nowMs = this.#connection.clock.now()
      failpoint('store.output.put')
      this.#removeReplaced.run(device, command, epoch, nowMs)
      this.#insert.run(device, command, epoch, nowMs + ttlMs, content)
      this.#removeOldest()
      return true
    })
  }

  /** Only what was read in the device's current epoch and has not expired. */
  get(device: string, command: string): Promise<Buffer | undefined> {
    return this.#connection.read(() => {
      failpoint('store.output.asked')
      const row = this.#select.get(device, command, this.#connection.clock.now())
      return row && asBuffer((row as { content: Uint8Array }).content)
    })
  }

  /** For a run that is resumed: it starts cold. */
  async clear(): Promise<void> {
    await this.#connection.write(() => this.#removeAll.run())
  }
}

export function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
}
