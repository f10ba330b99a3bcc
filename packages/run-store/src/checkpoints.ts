import type { Statement } from './statement.ts'
import { BrokerError, type Json } from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import { boundsChecker, type TableBounds } from './bounded-table.ts'
import type { Connection } from './connection.ts'

/** How far each worker has come: one JSON value per worker, the last one it set. */
export class Checkpoints {
  readonly #connection: Connection
  readonly #maxBytesEach: number
  readonly #isWithinBounds: () => boolean
  readonly #remove: Statement
  readonly #insert: Statement
  readonly #select: Statement

  constructor(
    connection: Connection,
    { maxBytesEach, ...bounds }: TableBounds & { maxBytesEach: number },
  ) {
    this.#connection = connection
    this.#maxBytesEach = maxBytesEach
    this.#isWithinBounds = boundsChecker(connection, 'checkpoints', bounds)
    this.#remove = connection.prepare('DELETE FROM checkpoints WHERE worker = ?')
    this.#insert = connection.prepare('INSERT INTO checkpoints VALUES (?, ?)')
    this.#select = connection.prepare('SELECT value FROM checkpoints WHERE worker = ?')
  }

  /**
   * Those of others are never removed for it.
   * @throws {BrokerError} `INVALID_REQUEST` for what is no JSON, or too much of it, alone or with the others':
   * the one from before stays.
   */
  async set(worker: string, value: unknown): Promise<void> {
    const json = JSON.stringify(value) as string | undefined
    if (json === undefined || Buffer.byteLength(json) > this.#maxBytesEach) {
      const why = `worker "${worker}": a checkpoint is JSON of at most ${this.#maxBytesEach} bytes`
      throw new BrokerError('INVALID_REQUEST', why)
    }
    failpoint('store.checkpoint.set')
    await this.#connection.write(() => {
      this.#remove.run(worker)
      this.#insert.run(worker, json)
      if (this.#isWithinBounds()) return
      const why = `worker "${worker}": the checkpoints of the run's workers are too many, or too large together; set smaller ones`
      throw new BrokerError('INVALID_REQUEST', why)
    })
  }

  /** Undefined for a worker that has set none. */
  last(worker: string): Promise<Json | undefined> {
    return this.#connection.read(() => {
      const row = this.#select.get(worker) as { value: string } | undefined
      return row && (JSON.parse(row.value) as Json)
    })
  }
}
