/**
 * How often a model-based test runs, and from which seed when a failure is to be replayed:
 * NAC_BROKER_MODEL_RUNS (default 500) and NAC_BROKER_MODEL_SEED (default: a new one each time,
 * printed on failure).
 */
export function modelParameters(): { numRuns: number; seed?: number } {
  const seed = process.env['NAC_BROKER_MODEL_SEED']
  return {
    numRuns: Number(process.env['NAC_BROKER_MODEL_RUNS'] ?? 500),
    ...(seed && { seed: Number(seed) }),
  }
}
