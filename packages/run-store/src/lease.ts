import type { Statement } from './statement.ts'
import { BrokerError } from '@nac-broker/protocol'
import { Backoff, failpoint } from '@nac-broker/supervisor'
import type { Connection } from './connection.ts'
import { identify } from './owner.ts'

const RETRY_DELAYS = { firstMs: 100, maxMs: 2_000 }

/** The right to have one session open. It belongs to its owner until released, or its owner is gone. */
export interface Lease extends AsyncDisposable {
  readonly id: number
  readonly device: string
  /** The process that a `command:` session runs in: the lease lasts as long as that lives, too. */
  setChildPid(pid: number): Promise<void>
  /**
   * Once the session is closed. What cannot be written now, as the disk is full, is tried again until the
   * store is closed; then it is reaped when this process is gone.
   * @throws {BrokerError} `INTERNAL` for one that was released.
   */
  release(): Promise<void>
}

/** The statements that act on a lease. */
export class LeaseRows {
  readonly #connection: Connection
  readonly #remove: Statement
  readonly #setChild: Statement

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
        onReleased()
      } catch {
        void this.#removeLater(id, onReleased)
      }
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

  async #removeLater(id: number, onReleased: () => void): Promise<void> {
    const { clock, closed } = this.#connection
    const backoff = new Backoff(clock, RETRY_DELAYS)
    for (let removed = false; !removed && !closed.aborted;) {
      // oxlint-disable-next-line no-await-in-loop -- between two tries
      await clock.sleep(backoff.nextDelayMs(), closed).catch(() => {})
      const removing = this.#connection.write(() => this.#remove.run(id))
      // oxlint-disable-next-line no-await-in-loop
      removed = await removing.then(
        () => true,
        () => false,
      )
    }
    onReleased()
  }
}
