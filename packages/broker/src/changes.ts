import { asBrokerError, BrokerError } from '@nac-broker/protocol'
import {
  type Change,
  fingerprintOf,
  type Outcome,
  type RunStore,
  RunStoreError,
} from '@nac-broker/run-store'

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
    return outputOf(outcome, request)
  }

  /**
   * Runs `work`, which sends the change to the device, unless it may have been sent before.
   * @throws {BrokerError} what `work` throws; `OUTCOME_UNKNOWN`, `STORE_UNAVAILABLE`, `SHUTTING_DOWN`
   */
  async carryOut(request: ChangeRequest, work: () => Promise<Buffer>): Promise<Buffer> {
    const change = changeOf(request)
    await this.#guard(() => this.#store.outcomes.markSent(change, this.#generation))
    let output: Buffer
    try {
      output = await work()
    } catch (error) {
      // Only a device that has answered has not carried it out; anything else remains `sent`.
      if (error instanceof BrokerError && error.code === 'COMMAND_REJECTED') {
        await this.#store.outcomes.markFailed(change, error.toJSON()).catch(() => {})
      }
      throw error
    }
    await this.#store.outcomes.markDone(change, { kept: true, content: output }).catch(() => {})
    return output
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

function outputOf(
  outcome: Exclude<Outcome, { state: 'absent' }>,
  { key, device }: ChangeRequest,
): Buffer {
  switch (outcome.state) {
    case 'done':
      if (outcome.result.kept) return outcome.result.content
      throw new BrokerError(
        'OUTCOME_UNKNOWN',
        `${device}: the change "${key}" was carried out; its output was not kept (${outcome.result.why})`,
        { device, sent: 'yes' },
      )
    case 'failed':
      throw asBrokerError(BrokerError.fromWire(outcome.error))
    case 'sent':
      throw new BrokerError(
        'OUTCOME_UNKNOWN',
        `${device}: the change "${key}" was sent by generation ${outcome.generation}, and whether it was carried out nobody can tell; look at the device, then decide`,
        { device, sent: 'yes' },
      )
    case 'void':
      throw new BrokerError(
        'OUTCOME_UNKNOWN',
        `${device}: the change "${key}" was taken over by a client that goes to the device directly`,
        { device, sent: 'unknown' },
      )
  }
}
