import { BrokerError } from '@nac-broker/protocol'
import { type Change, type Outcome, type RunStore } from '@nac-broker/run-store'
import { asStoreError } from './store-failure.ts'

/**
 * Changes that are carried out at most once although the broker that was asked for them may have sent
 * them, or may still be about to: whoever writes a change's key into the store first, sends it.
 */
export class DirectChanges {
  readonly #store: RunStore

  constructor(store: RunStore) {
    this.#store = store
  }

  /**
   * The output of a change that was carried out before; undefined when it may be carried out now.
   * @throws {BrokerError} how it failed then, `OUTCOME_UNKNOWN`, `STORE_UNAVAILABLE`
   */
  async recorded(change: Change): Promise<Uint8Array | undefined> {
    const outcome = await guard(() => this.#store.outcomes.outcomeOf(change))
    return outcome.state === 'absent' ? undefined : outputOf(outcome, change)
  }

  /**
   * As `recorded`; when it returns undefined, this process and nobody else may send the change.
   * @throws as `recorded`
   */
  async claim(change: Change): Promise<Uint8Array | undefined> {
    if (await guard(() => this.#store.outcomes.voidKey(change))) return undefined
    return this.recorded(change)
  }

  /**
   * Runs `work`, which sends a change that was claimed, and records what became of it. Without a clear
   * answer of the device nothing is recorded: the claim stands, and nobody sends the change again.
   */
  async carryOut(change: Change, work: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const { outcomes } = this.#store
    try {
      const content = await work()
      // The device has answered, and that counts; a record that cannot be written is missed later.
      await outcomes.markDone(change, { kept: true, content }).catch(() => {})
      return content
    } catch (error) {
      if (error instanceof BrokerError && error.code === 'COMMAND_REJECTED') {
        await outcomes.markFailed(change, error.toJSON()).catch(() => {})
      }
      throw error
    }
  }

  /** Sends a change that may be sent again: all that it needs is to end the device's epoch. */
  async repeatable<Value>(device: string, work: () => Promise<Value>): Promise<Value> {
    await guard(() => this.#store.epochs.endEpoch(device))
    try {
      return await work()
    } finally {
      await this.#store.epochs.endEpoch(device).catch(() => {})
    }
  }
}

async function guard<Value>(ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask()
  } catch (error) {
    throw asStoreError(error)
  }
}

function outputOf(
  outcome: Exclude<Outcome, { state: 'absent' }>,
  { key, device }: Change,
): Uint8Array {
  const unknown = (what: string, sent: 'yes' | 'unknown'): BrokerError =>
    new BrokerError('OUTCOME_UNKNOWN', `${device}: the change "${key}" ${what}`, { device, sent })
  switch (outcome.state) {
    case 'done':
      if (outcome.result.kept) return outcome.result.content
      throw unknown(`was carried out; its output was not kept (${outcome.result.why})`, 'yes')
    case 'failed':
      throw BrokerError.fromWire(outcome.error)
    case 'sent':
      throw unknown(
        `was sent by generation ${outcome.generation}, and whether it was carried out nobody can tell; look at the device, then decide`,
        'yes',
      )
    case 'void':
      throw unknown(
        'was taken over by a client that goes to the device directly, and how it ended is not known; look at the device, then decide',
        'unknown',
      )
  }
}
