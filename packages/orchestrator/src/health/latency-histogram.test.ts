import { expect, test } from 'vitest'
import { LatencyHistogram } from './latency-histogram.ts'

function of(...values: number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const ms of values) histogram.record(ms)
  return histogram
}

test('has nothing to say of nothing', () => {
  expect(of().percentiles()).toBeUndefined()
})

test('is exact about a single one', () => {
  const exact = { min: 7.123, median: 7.123, p95: 7.123, p99: 7.123, max: 7.123, count: 1 }
  expect(of(7.123).percentiles()).toEqual(exact)
})

test.each([
  ['below a microsecond', 0],
  ['of a day', 86_400_000],
  ['beyond what it has buckets for', 1e12],
])('takes one %s', (_, ms) => {
  expect(of(ms).percentiles()).toMatchObject({ min: ms, median: ms, max: ms })
})

test('is at most a tenth too high, at every order of magnitude', () => {
  for (const unit of [0.02, 1, 1_000, 50_000]) {
    const values = Array.from({ length: 1_000 }, (_, index) => unit * (index + 1))
    const { median = 0, p95 = 0, p99 = 0 } = of(...values).percentiles() ?? {}
    for (const [found, exact] of [
      [median, 500],
      [p95, 950],
      [p99, 990],
    ] as const) {
      expect(found).toBeGreaterThanOrEqual(exact * unit * 0.999)
      expect(found).toBeLessThanOrEqual(exact * unit * 1.101)
    }
  }
})
