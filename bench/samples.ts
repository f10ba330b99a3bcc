import { systemClock } from '@nac-broker/supervisor'

export interface Summary {
  min: number
  median: number
  p99: number
}

/** Enough for the compiler to have seen everything. */
const WARM_UP_ROUNDS = 20

/** One thing to be measured; it throws when what it got is not what it should have got. */
export interface Subject {
  name: string
  once: () => Promise<void>
}

/**
 * Times the subjects in turn, round by round, so that a machine that slows down slows all of them.
 * Returns a summary in milliseconds for each, in the order given.
 */
export async function compare(
  subjects: readonly Subject[],
  { rounds, perRound }: { rounds: number; perRound: number },
): Promise<Summary[]> {
  const samples = subjects.map((): number[] => [])
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const [index, { once }] of subjects.entries()) {
      for (let call = 0; call < perRound; call++) {
        const startedMs = systemClock.now()
        await once()
        if (round >= 0) samples[index]?.push(systemClock.now() - startedMs)
      }
    }
  }
  return samples.map(summarise)
}

function summarise(samples: number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  return { min: at(0), median: at(0.5), p99: at(0.99) }
}
