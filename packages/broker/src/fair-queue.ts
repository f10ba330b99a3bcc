/** First come first served for each client, and clients in turn: a busy one cannot starve the rest. */
export class FairQueue<Item> {
  /** In the order in which clients have their turn. */
  readonly #byClient = new Map<number, Item[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push(client: number, item: Item): void {
    const items = this.#byClient.get(client)
    if (items === undefined) this.#byClient.set(client, [item])
    else items.push(item)
    this.#size++
  }

  /** The next item; its client then goes to the end of the round. */
  shift(): Item | undefined {
    for (const [client, items] of this.#byClient) {
      const item = items.shift()
      this.#byClient.delete(client)
      if (items.length > 0) this.#byClient.set(client, items)
      if (item === undefined) continue
      this.#size--
      return item
    }
    return undefined
  }

  /** Takes one item out; false when it is not there (any more). */
  remove(client: number, item: Item): boolean {
    const items = this.#byClient.get(client)
    const index = items?.indexOf(item) ?? -1
    if (items === undefined || index === -1) return false
    items.splice(index, 1)
    if (items.length === 0) this.#byClient.delete(client)
    this.#size--
    return true
  }

  /** Empties the queue. */
  drain(): Item[] {
    const all = [...this.#byClient.values()].flat()
    this.#byClient.clear()
    this.#size = 0
    return all
  }
}
