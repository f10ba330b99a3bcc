import type { StatementSync } from 'node:sqlite'
import { BrokerError } from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import type { Connection } from './connection.ts'
import { identify } from './owner.ts'

/** The right to have one session open. It belongs to its owner until released, or its owner is gone. */
export interface Lease extends AsyncDisposable {
  readonly id: number
  readonly device: string
  /** The process that a `command:` session runs in: the lease lasts as long as that lives, too. */
  setChildPid(pid: number): Promise<void>
  /**
   * Once the session is closed. When it rejects with `STORE_UNAVAILABLE`, it may be called again.
   * @throws {BrokerError} `INTERNAL` for one that was released.
   */
  release(): Promise<void>
}

/** The statements that act on a lease. */
export class LeaseRows {
  readonly #connection: Connection
  readonly #remove: StatementSync
  readonly #setChild: StatementSync

  constructor(connection: Connection) {
    this.#connection = connection
    this.#remove = connection.prepare('DELETE FROM leases WHERE id = ?')
    this.#setChild = connection.prepare('UPDATE leases SET child = ? WHERE id = ?')
  }

  lease(id: number, device: string, onReleased: () => void): Lease {
    let released = false
    const release = async (): Promise<void> => {
      failpoint('store.slot.released')
      released = true
      try {
        await this.#connection.write(() => this.#remove.run(id))
      } catch (error) {
        released = false
        throw error
      }
      onReleased()
    }
    const requireHeld = (): void => {
      if (released) throw new BrokerError('INTERNAL', `${device}: its session lease was released`)
    }
    return {
      id,
      device,
      setChildPid: async (pid) => {
        requireHeld()
        const child = JSON.stringify(identify(pid))
        await this.#connection.write(() => this.#setChild.run(child, id))
      },
      release: async () => {
        requireHeld()
        await release()
      },
      [Symbol.asyncDispose]: async () => {
        if (!released) await release()
      },
    }
  }
}
