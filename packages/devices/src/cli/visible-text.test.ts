import { expect, test } from 'vitest'
import { oneLine, visibleText } from './visible-text.ts'

test.each([
  ['r1#', 'r1#'],
  ['r1#show ver\b\b\bip', 'r1#show ip'],
  ['abc\b \b', 'ab'],
  ['\rr1#', 'r1#'],
  ['old text\rr1#', 'r1#'],
  ['show x\r', 'show x'],
  ['\u001b[?2004hr1# \u001b[0;31mred\u001b[m', 'r1# red'],
  ['\u001b]0;title\u0007u@h:~$ ', 'u@h:~$ '],
  ['\u0000r1\u0007#', 'r1#'],
  ['\b\bx', 'x'],
])('%j shows %j before the cursor', (line, shown) => {
  expect(visibleText(line)).toBe(shown)
})

test('what is quoted is one printable line of bounded length', () => {
  expect(oneLine('\r\n % Bad\t\u001b[1msecrets\u001b[0m \u0000\r\n', 80)).toBe('% Bad secrets')
  expect(oneLine('x'.repeat(81), 80)).toBe(`${'x'.repeat(77)}...`)
  expect(oneLine('x'.repeat(80), 80)).toBe('x'.repeat(80))
})
