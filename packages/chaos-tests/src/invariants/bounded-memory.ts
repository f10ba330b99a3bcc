import type { InjectedFault } from '../schedules/evidence.ts'
import type { Invariant } from './invariant.ts'

/** What a broker's thread, its store and the journals of a run take, several times over. */
const MOST_BYTES = 400 * 1024 ** 2

export const boundedMemory: Invariant = {
  name: 'bounded-memory',
  promise:
    'memory stays under what it was and a fixed bound, and what the broker keeps under its caps',
  *violations({ grownBytes, peakBytes, kept, injected }) {
    if (grownBytes > MOST_BYTES) yield `memory grew by ${mebibytes(grownBytes)}`
    if (peakBytes > MOST_BYTES && !injected.some(fillsTheHeap))
      yield `the broker's memory grew by ${mebibytes(peakBytes)} for a while`
    for (const { what, most, cap } of kept)
      if (most > cap) yield `the broker kept ${most} ${what}, not ${cap}`
  },
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`
}

function fillsTheHeap({ name, args }: InjectedFault): boolean {
  return name === 'broker-suffers' && (args as { what: string }).what === 'full heap'
}
