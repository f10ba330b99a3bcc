import { expect, test } from 'vitest'
import { refusalIn } from './refusal.ts'

const PATTERNS = [/^% ?Invalid input/]
const refusal = '% Invalid input detected'

const judge = (...lines: string[]): string | undefined =>
  refusalIn(Buffer.from(lines.join('\r\n')), PATTERNS)

test('a refusal is a line of a short output', () => {
  expect(judge(refusal)).toBe(refusal)
  expect(judge('  ^', refusal, '', '')).toBe(refusal)
  expect(judge('1', '2', '3', '4', refusal)).toBe(refusal)
})

test('the same line in a longer output is content', () => {
  expect(judge('1', '2', '3', '4', '5', refusal)).toBeUndefined()
  expect(judge(refusal, 'x'.repeat(1_000))).toBeUndefined()
})

test('the same words in the middle of a line are content', () => {
  expect(judge(`log: ${refusal}`)).toBeUndefined()
})

test('an output without a refusal is none', () => {
  expect(judge('')).toBeUndefined()
  expect(judge('all is well')).toBeUndefined()
})
