import type { Statement } from './statement.ts'
import type { WireError } from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import { oldestRemover, type TableBounds } from './bounded-table.ts'
import type { Change } from './change.ts'
import type { Connection } from './connection.ts'
import type { Epochs } from './epochs.ts'
import type { Generations } from './generations.ts'
import { asBuffer } from './outputs.ts'
import { RunStoreError } from './store-error.ts'

/** `kept: false` for a result that contains, or may contain, a secret. */
export type KeptResult = { kept: true; content: Uint8Array } | { kept: false }

export type Outcome =
  | { state: 'absent' }
  /** The device may have got it. Whether it did, only the one that sent it can tell. */
  | { state: 'sent'; generation: number }
  | { state: 'done'; result: { kept: true; content: Buffer } | { kept: false; why: NotKept } }
  | { state: 'failed'; error: WireError }
  /** Taken by somebody who runs it elsewhere, or has given it up; no broker will send it. */
  | { state: 'void' }

/** By its caller's wish, or removed to make room for newer results. */
export type NotKept = 'withheld' | 'evicted'

interface Row {
  device: string
  fingerprint: string
  state: Exclude<Outcome['state'], 'absent'>
  generation: number | null
  withheld: 0 | 1
  error: string | null
  content: Uint8Array | null
}

/**
 * What became of each change, by its key: absent -> sent -> done | failed, or absent -> void (-> done |
 * failed). A key stays as long as its run; of results only as many bytes as fit.
 */
export class Outcomes {
  readonly #connection: Connection
  readonly #epochs: Epochs
  readonly #generations: Generations
  readonly #maxResultBytes: number
  readonly #removeOldest: () => void
  readonly #insert: Statement
  readonly #select: Statement
  readonly #settle: Statement
  readonly #keepResult: Statement

  constructor(
    connection: Connection,
    { epochs, generations }: { epochs: Epochs; generations: Generations },
    resultBounds: TableBounds,
  ) {
    this.#connection = connection
    this.#epochs = epochs
    this.#generations = generations
    this.#maxResultBytes = resultBounds.maxBytes
    this.#removeOldest = oldestRemover(connection, 'results', resultBounds)
    this.#insert = connection.prepare(
      'INSERT INTO outcomes (key, device, fingerprint, state, generation) VALUES (?, ?, ?, ?, ?)',
    )
    this.#select = connection.prepare(
      `SELECT device, fingerprint, state, generation, withheld, error, content
       FROM outcomes LEFT JOIN results USING (key) WHERE key = ?`,
    )
    this.#settle = connection.prepare(
      'UPDATE outcomes SET state = ?, withheld = ?, error = ? WHERE key = ?',
    )
    this.#keepResult = connection.prepare('INSERT INTO results (key, content) VALUES (?, ?)')
  }

  /**
   * To be awaited before the first byte of the change goes to the device. It ends the device's epoch in
   * the same transaction.
   * @throws {RunStoreError} `KEY_TAKEN`, `KEY_REUSED`, `GENERATION_ENDED`: then nothing may be sent.
   */
  markSent(change: Change, generation: number): Promise<void> {
    return this.#connection.write(() => {
      this.#generations.requireLive(generation)
      const { state } = this.#outcomeOf(change)
      if (state !== 'absent') {
        const why = `${change.device}: the change "${change.key}" is ${state} already; it is not sent again`
        throw new RunStoreError('KEY_TAKEN', why)
      }
      failpoint('store.outcome.sent')
      this.#add(change, 'sent', generation)
    })
  }

  /**
   * As `markSent`, for a change of the device that has no key: nobody can ask later what became of it.
   * @throws {RunStoreError} `GENERATION_ENDED`: then nothing may be sent.
   */
  markSentUnkeyed(device: string, generation: number): Promise<void> {
    return this.#connection.write(() => {
      this.#generations.requireLive(generation)
      this.#epochs.bump(device)
    })
  }

  /**
   * Takes the change away from every broker; true when the caller, and nobody else, may now run it.
   * It ends the device's epoch, so that running it is recorded before it begins.
   * @throws {RunStoreError} `KEY_REUSED`
   */
  voidKey(change: Change): Promise<boolean> {
    return this.#connection.write(() => {
      if (this.#outcomeOf(change).state !== 'absent') return false
      failpoint('store.outcome.void')
      this.#add(change, 'void', null)
      return true
    })
  }

  /**
   * The device has carried it out. For the one that marked it sent or made it void. It ends the device's
   * epoch again: what was read meanwhile may be from before.
   * @throws {RunStoreError} `KEY_TAKEN` for a change that is settled already, or was never sent.
   */
  markDone(change: Change, result: KeptResult): Promise<void> {
    return this.#connection.write(() => {
      this.#requireUnsettled(change)
      failpoint('store.outcome.done')
      this.#settle.run('done', result.kept ? 0 : 1, null, change.key)
      this.#epochs.bump(change.device)
      // One that is larger than all may be together would only push the others out.
      if (!result.kept || result.content.length > this.#maxResultBytes) return
      this.#keepResult.run(change.key, result.content)
      this.#removeOldest()
    })
  }

  /** As `markDone`, for a change that the device or the way to it refused: that is final, too. */
  markFailed(change: Change, error: WireError): Promise<void> {
    return this.#connection.write(() => {
      this.#requireUnsettled(change)
      failpoint('store.outcome.failed')
      this.#settle.run('failed', 0, JSON.stringify(error), change.key)
      this.#epochs.bump(change.device)
    })
  }

  /** @throws {RunStoreError} `KEY_REUSED` */
  outcomeOf(change: Change): Promise<Outcome> {
    return this.#connection.read(() => this.#outcomeOf(change))
  }

  #add({ key, device, fingerprint }: Change, state: 'sent' | 'void', by: number | null): void {
    this.#insert.run(key, device, fingerprint, state, by)
    this.#epochs.bump(device)
  }

  #requireUnsettled(change: Change): void {
    const { state } = this.#outcomeOf(change)
    if (state === 'sent' || state === 'void') return
    const why = `${change.device}: the change "${change.key}" is ${state}; only one that was sent can be settled, and only once`
    throw new RunStoreError('KEY_TAKEN', why)
  }

  #outcomeOf({ key, device, fingerprint }: Change): Outcome {
    const row = this.#select.get(key) as Row | undefined
    if (!row) return { state: 'absent' }
    if (row.device !== device || row.fingerprint !== fingerprint) {
      const why = `${device}: the key "${key}" belongs to another change (of ${row.device}); use a key of its own for each change`
      throw new RunStoreError('KEY_REUSED', why)
    }
    return outcomeFrom(row)
  }
}

function outcomeFrom({ state, generation, withheld, error, content }: Row): Outcome {
  switch (state) {
    case 'sent':
      return { state, generation: generation ?? 0 }
    case 'void':
      return { state }
    case 'failed':
      return { state, error: JSON.parse(error ?? '{}') as WireError }
    case 'done':
      if (content) return { state, result: { kept: true, content: asBuffer(content) } }
      return { state, result: { kept: false, why: withheld ? 'withheld' : 'evicted' } }
  }
}
