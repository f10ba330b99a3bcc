import { BrokerError, type DirectEvent, type Json, type Welcome } from '@nac-broker/protocol'
import { asStoreError, type RunStore } from '@nac-broker/run-store'
import type { Clock } from '@nac-broker/supervisor'
import type { Call } from './call.ts'
import type { Connection } from './connection.ts'

export interface CheckpointsOptions {
  connection: Connection
  /** Whose checkpoints they are. */
  worker: string
  /** The run's store, as far as is known when the broker is gone; `last` is what the last one said. */
  storePath: (last: Welcome | undefined) => string | undefined
  openStore: (path: string, options: { clock: Clock }) => Promise<RunStore>
  clock: Clock
}

/** How far this worker has come: through the broker, or straight to the store while there is none. */
export class Checkpoints {
  readonly #options: CheckpointsOptions

  constructor(options: CheckpointsOptions) {
    this.#options = options
  }

  async set(call: Call, value: unknown): Promise<void> {
    const { connection, worker } = this.#options
    const json = asJson(value)
    await this.#withoutBroker(
      call,
      async () =>
        void (await connection.link().request('checkpoint', { worker, value: json }, call)),
      (store) => this.#setInStore(store, json),
    )
  }

  /** Undefined where this worker has set none. */
  async last(call: Call): Promise<Json | undefined> {
    const { connection, worker } = this.#options
    return this.#withoutBroker(
      call,
      async () => (await connection.link().request('lastCheckpoint', { worker }, call)).value,
      (store) => store.checkpoints.last(worker),
    )
  }

  /** No broker tells of it: the orchestrator reads in the store that it was made. */
  async #setInStore(store: RunStore, json: Json): Promise<void> {
    const { worker } = this.#options
    await store.checkpoints.set(worker, json)
    const told: DirectEvent = { event: 'checkpoint', worker }
    // It is made, whether anybody is told or not.
    await store.events.append(told).catch(() => {})
  }

  /** Setting the same checkpoint twice is setting it once, so what the broker may have done is done again. */
  async #withoutBroker<Value>(
    call: Call,
    ask: () => Promise<Value>,
    act: (store: RunStore) => Promise<Value>,
  ): Promise<Value> {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code !== 'BROKER_LOST') throw error
      const { connection, storePath } = this.#options
      const path = storePath(connection.lastWelcome)
      if (path === undefined) {
        const why = 'the broker is lost, and no run store is named; set NAC_BROKER_STORE'
        throw new BrokerError('STORE_UNAVAILABLE', why, { cause: error })
      }
      return call.wait(this.#inStore(path, act), { waitingFor: "the run's store" })
    }
  }

  async #inStore<Value>(path: string, act: (store: RunStore) => Promise<Value>): Promise<Value> {
    const { openStore, clock } = this.#options
    try {
      await using store = await openStore(path, { clock })
      return await act(store)
    } catch (error) {
      throw asStoreError(error)
    }
  }
}

/** The value as every reader will see it: dates as text, what is undefined left out. */
function asJson(value: unknown): Json {
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) {
    throw new BrokerError('INVALID_REQUEST', 'a checkpoint is a JSON value; this one is none')
  }
  return JSON.parse(text) as Json
}
