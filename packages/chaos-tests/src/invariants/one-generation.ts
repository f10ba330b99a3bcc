import type { Invariant } from './invariant.ts'

export const oneGeneration: Invariant = {
  name: 'one-generation',
  promise: 'at most one generation serves at any time',
  *violations({ turns, overlaps }) {
    let newest = 0
    let serves = false
    yield* overlaps
    for (const { event } of turns) {
      if (event.event === 'broker-lost') serves = false
      if (event.event !== 'listening') continue
      if (serves) yield `generation ${event.generation} listens while ${newest} was not lost`
      if (event.generation <= newest) yield `generation ${event.generation} came after ${newest}`
      newest = event.generation
      serves = true
    }
  },
}
