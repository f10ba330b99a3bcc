export interface Summary {
  min: number
  median: number
  p99: number
}

/** Of figures in any order. A percentile is one of them: that below or at which so many lie. */
export function summarise(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN
  return { min: sorted[0] ?? Number.NaN, median: at(0.5), p99: at(0.99) }
}

/** As many as asked for, one after the other. */
export async function repeat<Sample>(
  times: number,
  sample: () => Promise<Sample>,
): Promise<Sample[]> {
  const samples = []
  // oxlint-disable-next-line no-await-in-loop -- they would disturb each other
  for (let i = 0; i < times; i++) samples.push(await sample())
  return samples
}
