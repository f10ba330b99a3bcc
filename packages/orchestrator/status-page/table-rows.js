import { byId, element, setCells } from './markup.js'

/** The rows of a table, by name and in the order of what it shows; one that is no longer told of goes. */
export class TableRows {
  #body
  #attribute
  #rows = new Map()

  /** `kind` is in each row, as `data-device`. */
  constructor(bodyId, kind) {
    this.#body = byId(bodyId)
    this.#attribute = `data-${kind}`
  }

  /** `cellsOf` makes what `setCells` takes. */
  show(all, cellsOf) {
    const names = new Set(all.map(({ name }) => name))
    for (const [name, row] of this.#rows) {
      if (names.has(name)) continue
      row.remove()
      this.#rows.delete(name)
    }
    for (const [index, one] of all.entries()) {
      const row = this.#rowOf(one.name)
      const there = this.#body.children[index]
      if (there !== row) this.#body.insertBefore(row, there ?? null)
      row.className = one.state
      setCells(row, cellsOf(one))
    }
  }

  #rowOf(name) {
    const known = this.#rows.get(name)
    if (known) return known
    const row = element('tr', { [this.#attribute]: name })
    this.#rows.set(name, row)
    return row
  }
}
