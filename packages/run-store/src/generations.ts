import type { Statement } from './statement.ts'
import { failpoint } from '@nac-broker/supervisor'
import type { Connection } from './connection.ts'
import type { Epochs } from './epochs.ts'
import { describeOwner, type Owner } from './owner.ts'
import { RunStoreError } from './store-error.ts'

export interface Generation {
  readonly generation: number
  readonly owner: Owner
}

interface Row {
  generation: number
  owner: string
}

/** The run's brokers, counted from 1; at most one of them is live. */
export class Generations {
  readonly #connection: Connection
  readonly #epochs: Epochs
  readonly #live: Statement
  readonly #latest: Statement
  readonly #insert: Statement
  readonly #markEnded: Statement
  readonly #hasEnded: Statement
  readonly #devicesLeftUnfinished: Statement

  constructor(connection: Connection, epochs: Epochs) {
    this.#connection = connection
    this.#epochs = epochs
    this.#live = connection.prepare('SELECT generation, owner FROM generations WHERE ended = 0')
    this.#latest = connection.prepare('SELECT max(generation) AS latest FROM generations')
    this.#insert = connection.prepare('INSERT INTO generations (generation, owner) VALUES (?, ?)')
    this.#markEnded = connection.prepare(
      'UPDATE generations SET ended = 1 WHERE generation = ? AND ended = 0',
    )
    this.#hasEnded = connection.prepare(
      'SELECT 1 FROM generations WHERE generation = ? AND ended = 1',
    )
    this.#devicesLeftUnfinished = connection.prepare(
      `SELECT DISTINCT device FROM outcomes WHERE state = 'sent' AND generation = ?`,
    )
  }

  /**
   * Declares a generation live. Its number has to be higher than that of every earlier one.
   * @throws {RunStoreError} `GENERATION_LIVE` while another is live; `GENERATION_ENDED` for a number
   * that is not new.
   */
  begin(generation: number, owner: Owner): Promise<void> {
    return this.#connection.write(() => {
      const live = this.#currentRow()
      if (live) {
        const why = `generation ${live.generation} of ${describeOwner(live.owner)} is live; it has to end before ${generation} begins`
        throw new RunStoreError('GENERATION_LIVE', why)
      }
      const latest = this.#latestNumber()
      if (generation <= latest) {
        const why = `generation ${generation} cannot begin: the latest was ${latest}`
        throw new RunStoreError('GENERATION_ENDED', why)
      }
      failpoint('store.generation.begins')
      this.#insert.run(generation, JSON.stringify(owner))
    })
  }

  /**
   * Marks a generation as ended: its leases may be reaped, and it can send nothing more. For whoever has
   * awaited its exit, `command:` children included. The devices it left with an unfinished change get
   * a new epoch. Idempotent.
   */
  end(generation: number): Promise<void> {
    return this.#connection.write(() => {
      failpoint('store.generation.ends')
      if (this.#markEnded.run(generation).changes === 0) return
      const devices = this.#devicesLeftUnfinished.all(generation) as unknown as { device: string }[]
      for (const { device } of devices) this.#epochs.bump(device)
    })
  }

  /** The live one. */
  current(): Promise<Generation | undefined> {
    return this.#connection.read(() => this.#currentRow())
  }

  /** The highest number so far, 0 before the first. */
  latest(): Promise<number> {
    return this.#connection.read(() => this.#latestNumber())
  }

  /**
   * Whether nothing can be done any more in this owner's name: its process is certainly dead, or its
   * generation was marked as ended (a dead thread's process lives on).
   */
  isGone(owner: Owner): Promise<boolean> {
    return this.#connection.read(() => this.ownerIsGone(owner))
  }

  /** `isGone`, for inside a read or a write. */
  ownerIsGone(owner: Owner): boolean {
    const { generation } = owner
    const ended = generation !== null && this.#hasEnded.get(generation) !== undefined
    return ended || this.#connection.processes.isGone(owner)
  }

  /**
   * For inside a write.
   * @throws {RunStoreError} `GENERATION_ENDED` unless this very generation is live.
   */
  requireLive(generation: number): void {
    const live = this.#currentRow()?.generation
    if (live === generation) return
    const why = `generation ${generation} is not the live one${live === undefined ? '' : ` (${live} is)`}; it must send nothing more`
    throw new RunStoreError('GENERATION_ENDED', why)
  }

  #currentRow(): Generation | undefined {
    const row = this.#live.get() as Row | undefined
    return row && { generation: row.generation, owner: JSON.parse(row.owner) as Owner }
  }

  #latestNumber(): number {
    return (this.#latest.get() as { latest: number | null }).latest ?? 0
  }
}
