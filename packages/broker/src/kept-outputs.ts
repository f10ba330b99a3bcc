import type { Session } from '@nac-broker/devices'
import type { RunStore } from '@nac-broker/run-store'
import type { Logger } from 'pino'
import type { DeviceLane } from './device-lane.ts'

/**
 * What the run's store adds to the cache: outputs that outlive this broker, and word of changes that
 * others, who go to the devices directly, have made. Of no consequence where there is no store.
 */
export class KeptOutputs {
  readonly #store: RunStore | undefined
  readonly #epochs: RunStore['epochs'] | undefined
  readonly #ttlMs: number | 'off'
  readonly #log: Logger

  constructor(store: RunStore | undefined, ttlMs: number | 'off', log: Logger) {
    this.#store = ttlMs === 'off' ? undefined : store
    // What nobody keeps here, others of the run may.
    this.#epochs = store?.epochs
    this.#ttlMs = ttlMs
    this.#log = log
  }

  /** Ends the epoch of each lane whose device somebody else has changed. Cheap while nobody has. */
  catchUp(lanes: ReadonlyMap<string, DeviceLane>): void {
    const changed = this.#store?.epochs.changedElsewhere()
    if (!changed) return
    for (const [device, epoch] of changed) lanes.get(device)?.learnEpoch(epoch)
  }

  /** Undefined at once where there is no store, so that nothing waits for nothing. */
  get(device: string, command: string): Promise<Buffer | undefined> | undefined {
    return this.#quietly(async (store) => store.outputs.get(device, command))
  }

  /** To be asked before the command is sent, and handed to `put` with its output. */
  epoch(device: string): Promise<number | undefined> | undefined {
    return this.#quietly(async (store) => store.epochs.currentEpoch(device))
  }

  /** What the session's device has answered. Not where a secret of the device is in it, or was asked for. */
  put(
    { device, secrets }: Pick<Session, 'device' | 'secrets'>,
    command: string,
    epoch: number | undefined,
    content: Buffer,
  ): void {
    const ttlMs = this.#ttlMs
    if (epoch === undefined || ttlMs === 'off') return
    if (secrets.areIn(command) || secrets.areIn(content)) return
    void this.#quietly(async (store) =>
      store.outputs.put({ device, command, epoch, content, ttlMs }),
    )
  }

  /** The device itself closed a session. */
  endEpoch(device: string): void {
    this.#epochs?.endEpoch(device).catch((error: unknown) => this.#warn(error))
  }

  /** A store that fails costs a warm cache and nothing else. */
  #quietly<Value>(
    ask: (store: RunStore) => Promise<Value>,
  ): Promise<Value | undefined> | undefined {
    return (
      this.#store &&
      ask(this.#store).catch((error: unknown) => {
        this.#warn(error)
        return undefined
      })
    )
  }

  #warn(error: unknown): void {
    this.#log.warn({ err: error }, 'the run store cannot be used for the cache')
  }
}
