import type { Session } from '@nac-broker/devices'
import {
  asStoreError,
  carryOut,
  type Change,
  recordedOutput,
  type RunStore,
} from '@nac-broker/run-store'
import { failpoint } from '@nac-broker/supervisor'

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
  async recorded(change: Change): Promise<Buffer | undefined> {
    const outcome = await guard(() => this.#store.outcomes.outcomeOf(change))
    return outcome.state === 'absent' ? undefined : recordedOutput(outcome, change)
  }

  /**
   * As `recorded`; when it returns undefined, this process and nobody else may send the change.
   * @throws as `recorded`
   */
  async claim(change: Change): Promise<Buffer | undefined> {
    failpoint('client.direct.claims')
    if (await guard(() => this.#store.outcomes.voidKey(change))) return undefined
    return this.recorded(change)
  }

  /**
   * Has `send` send a change that was claimed on the session, and records what became of it: as a broker
   * does, but for an output with a secret of the device in it.
   */
  async carryOut(
    change: Change,
    { secrets }: Session,
    send: () => Promise<Buffer>,
  ): Promise<Buffer> {
    const mayBeKept = (output: Buffer): boolean => !secrets.areIn(output)
    return carryOut(this.#store.outcomes, change, { send, mayBeKept })
  }

  /** Sends a change that may be sent again: all that it needs is to end the device's epoch. */
  repeatable<Value>(device: string, work: () => Promise<Value>): Promise<Value> {
    return guard(() => this.#store.epochs.whileChanging(device, work))
  }
}

async function guard<Value>(ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask()
  } catch (error) {
    throw asStoreError(error)
  }
}
