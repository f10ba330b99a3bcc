import { expect, it } from 'vitest'
import { parseCrashPolicy } from './crash-policy.ts'

it.each([
  ['abort', ['abort']],
  ['fallback', ['fallback']],
  ['restart', ['restart', 'abort']],
  ['restart,abort', ['restart', 'abort']],
  ['restart, fallback', ['restart', 'fallback']],
])('reads %s', (text, policy) => {
  expect(parseCrashPolicy(text)).toEqual(policy)
  expect(parseCrashPolicy(text.split(','))).toEqual(policy)
})

it.each([
  ['retry', 'there is no "retry"'],
  ['', 'there is no ""'],
  ['abort,restart', 'nothing follows "abort"'],
  ['fallback,abort', 'nothing follows "fallback"'],
  ['restart,restart', 'restart is followed by one of the others'],
  ['restart,fallback,abort', 'restart is followed by one of the others'],
])('refuses "%s" and says what is allowed', (text, why) => {
  expect(() => parseCrashPolicy(text)).toThrow(
    `crash policy "${text}": ${why}; allowed are abort, fallback, restart,abort and restart,fallback`,
  )
})
