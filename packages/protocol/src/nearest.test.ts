import { expect, it } from 'vitest'
import { lookalikes, nearest } from './nearest.ts'

it('finds the nearest, however far it is', () => {
  expect(nearest('comand', ['name', 'command', 'count'])).toBe('command')
  expect(nearest('colour', ['name', 'command', 'count'])).toBe('count')
  expect(nearest('x', [])).toBeUndefined()
})

it.each([
  ['wran', ['warn']],
  ['wra', []],
  ['dbeug', ['debug']],
  ['R11', ['r12', 'r1']],
  ['loud', []],
  ['', []],
])('finds what %j may be a misspelling of', (word, expected) => {
  expect(lookalikes(word, ['debug', 'warn', 'r12', 'r1', 'r2', 'core-1'])).toEqual(expected)
})
