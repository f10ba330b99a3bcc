import { whenAborted } from '@nac-broker/supervisor'

/** Which clients have gone to the devices themselves, in that order. */
export class GoneDirect {
  readonly #clients: number[] = []
  #next = Promise.withResolvers<void>()

  add(client: number): void {
    this.#clients.push(client)
    this.#next.resolve()
    this.#next = Promise.withResolvers()
  }

  /** The first that was not taken before, as soon as there is one; undefined when the run is over. */
  async take(over: AbortSignal): Promise<number | undefined> {
    while (!over.aborted) {
      const client = this.#clients.shift()
      if (client !== undefined) return client
      // oxlint-disable-next-line no-await-in-loop -- it looks again
      await Promise.race([this.#next.promise, whenAborted(over)])
    }
    return undefined
  }
}
