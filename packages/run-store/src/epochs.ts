import type { Statement } from './statement.ts'
import { type Connection, sqliteFailure } from './connection.ts'

/**
 * A device's epoch ends with everything that may have changed the device. What was read in an earlier
 * one is stale.
 */
export class Epochs {
  readonly #connection: Connection
  readonly #select: Statement
  readonly #increment: Statement
  readonly #version: Statement
  readonly #everyEpoch: Statement
  #lastVersion: number | undefined

  constructor(connection: Connection) {
    this.#connection = connection
    this.#select = connection.prepare('SELECT epoch FROM epochs WHERE device = ?')
    this.#version = connection.prepare('PRAGMA data_version')
    this.#everyEpoch = connection.prepare('SELECT device, epoch FROM epochs')
    this.#increment = connection.prepare(
      'INSERT INTO epochs VALUES (?, 1) ON CONFLICT DO UPDATE SET epoch = epoch + 1',
    )
  }

  /**
   * Every device's epoch, if another connection has written since the last call (as data_version of
   * https://www.sqlite.org/pragma.html tells in a microsecond); undefined otherwise, and when another
   * process holds the lock: ask again.
   */
  changedElsewhere(): ReadonlyMap<string, number> | undefined {
    try {
      const { data_version: version } = this.#version.get() as { data_version: number }
      if (version === this.#lastVersion) return undefined
      const rows = this.#everyEpoch.all() as unknown as { device: string; epoch: number }[]
      this.#lastVersion = version
      return new Map(rows.map(({ device, epoch }) => [device, epoch]))
    } catch (error) {
      if (sqliteFailure(error)) return undefined
      throw error
    }
  }

  /** 0 for a device that nothing has changed yet. */
  currentEpoch(device: string): Promise<number> {
    return this.#connection.read(() => this.epochOf(device))
  }

  /**
   * For changes that have no key, and when the device closes a session. Not for the death of a broker,
   * nor for an idle session that was closed on purpose.
   */
  endEpoch(device: string): Promise<void> {
    return this.#connection.write(() => this.bump(device))
  }

  /** `currentEpoch`, for inside a read or a write. */
  epochOf(device: string): number {
    return (this.#select.get(device) as { epoch: number } | undefined)?.epoch ?? 0
  }

  /** `endEpoch`, for inside a write. */
  bump(device: string): void {
    this.#increment.run(device)
  }
}
