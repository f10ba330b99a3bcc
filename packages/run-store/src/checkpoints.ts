import type { StatementSync } from 'node:sqlite'
import { BrokerError, type Json } from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import type { Connection } from './connection.ts'

/** How far each worker has come: one JSON value per worker, the last one it set. */
export class Checkpoints {
  readonly #connection: Connection
  readonly #maxBytes: number
  readonly #upsert: StatementSync
  readonly #select: StatementSync

  constructor(connection: Connection, maxBytes: number) {
    this.#connection = connection
    this.#maxBytes = maxBytes
    this.#upsert = connection.prepare(
      'INSERT INTO checkpoints VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2',
    )
    this.#select = connection.prepare('SELECT value FROM checkpoints WHERE worker = ?')
  }

  /** @throws {BrokerError} `INVALID_REQUEST` for what is no JSON, or too much of it. */
  async set(worker: string, value: unknown): Promise<void> {
    const json = JSON.stringify(value) as string | undefined
    if (json === undefined || Buffer.byteLength(json) > this.#maxBytes) {
      const why = `worker "${worker}": a checkpoint is JSON of at most ${this.#maxBytes} bytes`
      throw new BrokerError('INVALID_REQUEST', why)
    }
    failpoint('store.checkpoint.set')
    await this.#connection.write(() => this.#upsert.run(worker, json))
  }

  /** Undefined for a worker that has set none. */
  last(worker: string): Promise<Json | undefined> {
    return this.#connection.read(() => {
      const row = this.#select.get(worker) as { value: string } | undefined
      return row && (JSON.parse(row.value) as Json)
    })
  }
}
