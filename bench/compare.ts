import { systemClock } from '@nac-broker/supervisor'

/** Enough for the compiler to have seen everything. */
const WARM_UP_ROUNDS = 20

/** One thing to be measured. */
export interface Subject {
  readonly name: string
  /** Resolves with a check of what came, to be called when the clock has stopped. */
  once(): Promise<() => void>
}

/**
 * Times the subjects in turn, round by round, so that a machine that slows down slows all of them.
 * Returns the samples of each in milliseconds, in the order given.
 */
export async function compare(
  subjects: readonly Subject[],
  {
    rounds,
    perRound,
    warmUpRounds = WARM_UP_ROUNDS,
  }: { rounds: number; perRound: number; warmUpRounds?: number },
): Promise<number[][]> {
  const samples = subjects.map((): number[] => [])
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [index, subject] of subjects.entries()) {
      for (let call = 0; call < perRound; call++) {
        const startedMs = systemClock.now()
        const check = await subject.once()
        const tookMs = systemClock.now() - startedMs
        check()
        if (round >= 0) samples[index]?.push(tookMs)
      }
    }
  }
  return samples
}
