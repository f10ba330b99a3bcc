import { describe, expect, test } from 'vitest'
import { isOperationName, OPERATIONS } from './index.ts'

describe('the name of an operation', () => {
  test('is one of the table, and nothing that every object has', () => {
    expect(Object.keys(OPERATIONS).every(isOperationName)).toBe(true)
    expect(['toString', '__proto__', 'constructor', '', 'Execute'].some(isOperationName)).toBe(
      false,
    )
  })
})

describe('params', () => {
  test.each([
    ['execute', { device: '', command: 'show version' }],
    ['execute', { device: 'r'.repeat(256), command: 'show version' }],
    ['execute', { device: 'r1', command: '' }],
    ['execute', { device: 'r1', command: 'show version', cache: 'no' }],
    ['configure', { device: 'r1', lines: [] }],
    ['configure', { device: 'r1', lines: ['hostname r2', ''] }],
    ['configure', { device: 'r1', lines: 'hostname r2' }],
    ['configure', { device: 'r1', lines: Array<string>(100_001).fill('x') }],
    ['connect', {}],
    ['disconnect', { device: 7 }],
    ['ping', null],
    ['status', []],
    ['subscribe', 'all'],
  ] as const)('of %s that make no sense are refused', (operation, params) => {
    expect(OPERATIONS[operation].params.safeParse(params).success).toBe(false)
  })

  test('ignore fields that a newer client adds', () => {
    const params = { device: 'r1', command: 'show version' }
    expect(OPERATIONS.execute.params.parse({ ...params, colour: 'red' })).toEqual(params)
    expect(OPERATIONS.ping.params.parse({ sequence: 1 })).toEqual({})
  })
})
