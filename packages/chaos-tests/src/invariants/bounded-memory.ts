import type { Invariant } from './invariant.ts'

/** What a broker's thread, its store and the journals of a run take, several times over. */
const MOST_BYTES = 400 * 1024 * 1024

export const boundedMemory: Invariant = {
  name: 'bounded-memory',
  promise: 'memory stays under what it was and a fixed bound',
  *violations({ grownBytes }) {
    if (grownBytes > MOST_BYTES) yield `memory grew by ${Math.round(grownBytes / 1024 ** 2)} MiB`
  },
}
