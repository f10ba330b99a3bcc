import { type Clock, systemClock, VirtualClock } from '@nac-broker/supervisor'

/** Where the moments of a random test come from: NAC_BROKER_CHAOS_SEED, default a new one each time. */
export const SEED = Number(
  process.env['NAC_BROKER_CHAOS_SEED'] ?? Math.floor(systemClock.random() * 1e6),
)

/** How many random kills a run of the tests is to have, NAC_BROKER_CHAOS_KILLS; what takes longer has a share of it. */
export const KILLS = Number(process.env['NAC_BROKER_CHAOS_KILLS'] ?? 8)

/** Draws that depend on the seed and on what they are for, and not on what else has been drawn. */
export function drawsFor(seed: number, ...purpose: readonly number[]): VirtualClock {
  return new VirtualClock(purpose.reduce((mixed, part) => mixed * 1_009 + part + 1, seed))
}

/** The time of the machine, and jitter from the seed. */
export function clockFor(seed: number, ...purpose: readonly number[]): Clock {
  const random = drawsFor(seed, ...purpose)
  return { ...systemClock, random: () => random.random() }
}

/**
 * What a supervisor draws for its pauses: shares of which none is another one doubled, so that each pause tells
 * what it is a share of.
 */
export const SHARES = [0.3, 0.5, 0.9] as const

/** One of them for each number that `random` draws. */
export function drawingShares(random: () => number): () => number {
  return () => SHARES[Math.floor(random() * SHARES.length)] ?? SHARES[0]
}

/** A whole number from `least` up to and without `end`. */
export function draw(random: VirtualClock, least: number, end: number): number {
  return least + Math.floor(random.random() * (end - least))
}

/** What happens, counted, so that "after the n-th" is a moment of which there is one only. */
export class Happenings {
  #count = 0
  readonly #waiting = new Map<number, () => void>()

  readonly happened = (): void => {
    this.#waiting.get(++this.#count)?.()
    this.#waiting.delete(this.#count)
  }

  /** Resolves, in the same turn of the loop, when this many more things have happened; 0: at once. */
  async after(many: number): Promise<void> {
    if (many === 0) return
    const at = this.#count + many
    const before = this.#waiting.get(at)
    await new Promise<void>((resolve) => {
      this.#waiting.set(at, () => {
        before?.()
        resolve()
      })
    })
  }
}
