import { lookalikes } from '@nac-broker/protocol'
import type { TestbedNode } from './document.ts'
import type { Place } from './place.ts'

/** What probably went wrong where an entry is missing: where, and the end of the sentence about it. */
export interface Hint {
  place: Place
  words: string
}

/** The entry is there under a name that looks like it, and is none of the `others` that may be there. */
export function misspelling(
  node: TestbedNode,
  key: string,
  others: readonly string[] = [],
): Hint | undefined {
  if (node.kind !== 'map') return undefined
  const found = [...node.entries].find(
    ([name]) => name !== key && !others.includes(name) && lookalikes(name, [key]).length > 0,
  )
  return found && { place: found[1].place, words: `, but "${found[0]}"; rename it to "${key}"` }
}

/** The mapping that is missing is there without its content, or misspelt. */
export function missingMapping(node: TestbedNode, key: string): Hint | undefined {
  const there = node.kind === 'map' ? node.entries.get(key) : undefined
  if (there?.kind !== 'nothing') return misspelling(node, key)
  return { place: there.place, words: `; what belongs to "${key}" goes below it, indented` }
}
