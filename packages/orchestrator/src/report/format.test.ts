import { expect, test } from 'vitest'
import { duration, share, shortened } from './format.ts'
import { ticks } from './time-axis.ts'

test.each([
  [0, '0 ms'],
  [0.05, '0.05 ms'],
  [9.87, '9.9 ms'],
  [999.4, '999 ms'],
  [5_000, '5 s'],
  [59_940, '59.9 s'],
  [59_990, '1 min'],
  [252_000, '4 min 12 s'],
  [3_599_900, '1 h'],
  [7_500_000, '2 h 5 min'],
])('writes %d ms as %s', (ms, words) => {
  expect(duration(ms)).toBe(words)
})

test.each([
  [0, 0, '0 %'],
  [1, 1_000, '< 1 %'],
  [999, 1_000, '> 99 %'],
  [1, 3, '33 %'],
  [5, 5, '100 %'],
])('calls %d of %d %s', (part, whole, words) => {
  expect(share(part, whole)).toBe(words)
})

test.each([
  [10_000, ['0', '2 s', '4 s', '6 s', '8 s', '10 s']],
  [73_000, ['0', '15 s', '30 s', '45 s', '1 min']],
  [1, ['0', '1 ms']],
])('divides %d ms by round times', (rangeMs, labels) => {
  expect(ticks({ fromMs: 5, toMs: 5 + rangeMs }).map(({ label }) => label)).toEqual(labels)
})

test('shortens what is too long', () => {
  expect([shortened('four', 4), shortened('fives', 4)]).toEqual(['four', 'fiv…'])
})
