import type { Session } from '@nac-broker/devices'
import { BrokerError } from '@nac-broker/protocol'
import {
  carryOut,
  type Change,
  fingerprintOf,
  recordedOutput,
  type RunStore,
  RunStoreError,
} from '@nac-broker/run-store'
import { failpoint } from '@nac-broker/supervisor'

export interface ChangeRequest {
  key: string
  device: string
  operation: 'execute' | 'configure'
  lines: readonly string[]
}

/**
 * Changes that are carried out at most once, over every broker of the run: recorded as sent before the
 * first byte goes to the device, and with their outcome afterwards.
 */
export class Changes {
  readonly #store: RunStore
  readonly #generation: number
  readonly #onFenced: () => void

  /** `onFenced` is called when this broker learns that it is not the run's live one any more. */
  constructor(store: RunStore, generation: number, onFenced: () => void) {
    this.#store = store
    this.#generation = generation
    this.#onFenced = onFenced
  }

  /**
   * The output of a change that was carried out before; undefined when it was not and may be now, or
   * when it is `underWay` in this very broker.
   * @throws {BrokerError} how it failed then, or `OUTCOME_UNKNOWN`
   */
  async recorded(request: ChangeRequest, underWay: boolean): Promise<Buffer | undefined> {
    const outcome = await this.#guard(() => this.#store.outcomes.outcomeOf(changeOf(request)))
    if (outcome.state === 'absent' || (outcome.state === 'sent' && underWay)) return undefined
    return recordedOutput(outcome, request)
  }

  /**
   * Has `send` send the change on the session, unless it may have been sent before. An output with a
   * secret of the device in it is not recorded.
   * @throws {BrokerError} what `send` throws; `OUTCOME_UNKNOWN`, `STORE_UNAVAILABLE`, `SHUTTING_DOWN`
   */
  async carryOut(
    request: ChangeRequest,
    { secrets }: Pick<Session, 'secrets'>,
    send: () => Promise<Buffer>,
  ): Promise<Buffer> {
    const { outcomes } = this.#store
    const change = changeOf(request)
    failpoint('broker.change.to-be-marked')
    await this.#guard(() => outcomes.markSent(change, this.#generation))
    failpoint('broker.change.marked')
    return carryOut(outcomes, change, { send, mayBeKept: (output) => !secrets.areIn(output) })
  }

  /**
   * A change that has no key, or may be made again: it ends the device's epoch in the store before it is sent, so
   * that no broker that follows gives out what was read before, and again when it is done. Once another may follow,
   * it is not sent.
   * @throws {BrokerError} what `send` throws; `STORE_UNAVAILABLE`, `SHUTTING_DOWN`
   */
  async unkeyed(device: string, send: () => Promise<Buffer>): Promise<Buffer> {
    const { epochs, outcomes } = this.#store
    await this.#guard(() => outcomes.markSentUnkeyed(device, this.#generation))
    try {
      return await send()
    } finally {
      // What it would make stale was stored while it went on, and it has been sent: nobody is helped by an error.
      await epochs.endEpoch(device).catch(() => {})
    }
  }

  async #guard<Value>(ask: () => Promise<Value>): Promise<Value> {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof RunStoreError) throw this.#translated(error)
      throw error
    }
  }

  #translated(error: RunStoreError): BrokerError {
    const { code, message } = error
    switch (code) {
      case 'STORE_UNAVAILABLE':
        return new BrokerError('STORE_UNAVAILABLE', message, { cause: error })
      case 'KEY_TAKEN':
        return new BrokerError('OUTCOME_UNKNOWN', message, { sent: 'unknown', cause: error })
      case 'KEY_REUSED':
        return new BrokerError('INVALID_REQUEST', message, { cause: error })
      case 'GENERATION_ENDED':
      case 'GENERATION_LIVE':
        failpoint('broker.change.fenced')
        this.#onFenced()
        return new BrokerError('SHUTTING_DOWN', `this broker was replaced: ${message}`, {
          cause: error,
        })
    }
  }
}

function changeOf({ key, device, operation, lines }: ChangeRequest): Change {
  return { key, device, fingerprint: fingerprintOf(operation, lines) }
}
