import { describe, expect, test } from 'vitest'
import { decodeMessagePack, encodeMessagePack } from './messagepack.ts'

function decodeHex(hex: string): unknown {
  return decodeMessagePack(Buffer.from(hex, 'hex'))
}

/** One value of every kind and of every length class that MessagePack writes differently. */
const VALUES: Record<string, unknown> = {
  nil: null,
  booleans: [true, false],
  integers: [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1],
  'negative integers': [-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1],
  fractions: [0.5, -1.25, 1e300, 1e-300],
  'strings of every length class': [0, 1, 31, 32, 255, 256, 65_535, 65_536].map((n) =>
    'x'.repeat(n),
  ),
  'strings beyond ASCII': ['Zürich', '日本', '🙂', '\u0000', '\ufffd'],
  'binary of every length class': [0, 1, 255, 256, 65_535, 65_536].map((n) => Buffer.alloc(n, 7)),
  'arrays of every length class': [0, 15, 16, 65_536].map((n) =>
    Array.from({ length: n }, () => 1),
  ),
  'maps of every length class': [0, 1, 15, 16, 65_536].map(mapOf),
  nested: { a: [{ b: { c: [null, { d: Buffer.of(0xff) }] } }] },
}

function nested(depth: number): Buffer {
  return Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.of(0x01)])
}

function mapOf(size: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: size }, (_, index) => [`k${index}`, index]))
}

describe('what we encode', () => {
  test.each(Object.entries(VALUES))('comes back as it was: %s', (_, value) => {
    expect(decodeMessagePack(encodeMessagePack(value))).toEqual(value)
  })

  test('leaves out what is undefined', () => {
    expect(encodeMessagePack({ a: undefined, b: 1, c: { d: undefined } }).toString('hex')).toBe(
      '82a16201a16380',
    )
  })

  test('takes any Uint8Array for binary', () => {
    expect(encodeMessagePack(new Uint8Array([1, 2])).toString('hex')).toBe('c4020102')
  })

  test.each([
    ['undefined in an array', [undefined]],
    ['a date', { at: new Date(0) }],
    ['a map with keys that are no strings', new Map([[1, 1]])],
    ['a lone surrogate', { command: 'show \ud800' }],
  ])('is never what the other side would refuse: %s', (_, value) => {
    expect(() => encodeMessagePack(value)).toThrow(/not allowed|not UTF-8|not a string/)
  })
})

describe('what others may encode differently', () => {
  test.each([
    ['uint 64', 'cf0000010000000000', 2 ** 40],
    ['int 64', 'd3ffffffffffffffff', -1],
    ['int 8 for a small number', 'd005', 5],
    ['float 32', 'ca3fc00000', 1.5],
    ['float 64 for a whole number', 'cb4014000000000000', 5],
    ['str 32 for a short string', 'db000000026f6b', 'ok'],
    ['bin 32 for short binary', 'c600000001ff', Buffer.of(0xff)],
    ['array 32 for a short array', 'dd0000000101', [1]],
    ['map 32 for a small map', 'df00000001a16101', { a: 1 }],
  ])('%s', (_, hex, value) => {
    expect(decodeHex(hex)).toEqual(value)
  })
})

describe('refused before it is decoded', () => {
  test.each([
    ['fixext 1 as a record of msgpackr', 'd4724091a161'],
    ['fixext 1', 'd40000'],
    ['fixext 2', 'd5000000'],
    ['fixext 4: a timestamp', 'd6ff00000000'],
    ['fixext 8', 'd7ff0000000000000000'],
    ['fixext 16', `d800${'00'.repeat(16)}`],
    ['ext 8', 'c70100ff'],
    ['ext 16', 'c8000100ff'],
    ['ext 32', 'c90000000100ff'],
    ['the reserved byte', 'c1'],
    ['the reserved byte inside', '9201c1'],
  ])('%s', (_, hex) => {
    expect(() => decodeHex(hex)).toThrow('is not allowed (extension or reserved)')
  })

  test('every value, cut at every position', () => {
    const value = {
      n: [1, -1, 300, 2 ** 40, 0.5, null, true],
      s: 'x'.repeat(40),
      b: Buffer.of(1, 2),
    }
    const whole = encodeMessagePack(value)
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeMessagePack(whole.subarray(0, length))).toThrow('the value ends early')
    }
  })

  test.each([
    ['an array of 4 Gi elements', 'ddffffffff'],
    ['an array of 64 Ki elements', 'dcffff01'],
    ['a map of 4 Gi entries', 'dfffffffff'],
    ['a map of 2 Gi entries', 'df80000000'],
    ['a map with a key and no value', '81a161'],
    ['a string of 4 GiB', 'dbffffffff61'],
    ['binary of 4 GiB', 'c6ffffffff00'],
    ['a string one byte short', 'a36162'],
  ])('lengths that what has arrived cannot hold: %s', (_, hex) => {
    expect(() => decodeHex(hex)).toThrow('the value ends early')
  })

  test('nesting deeper than 16, however deep', () => {
    expect(JSON.stringify(decodeMessagePack(nested(16)))).toBe(
      `${'['.repeat(16)}1${']'.repeat(16)}`,
    )
    expect(() => decodeMessagePack(nested(17))).toThrow('nested deeper than 16')
    expect(() => decodeMessagePack(nested(1_000_000))).toThrow('nested deeper than 16')
  })

  test('bytes after the value', () => {
    expect(() => decodeHex('0102')).toThrow('1 bytes after the value')
  })

  test.each([
    ['a number', '810101'],
    ['binary', '81c4016101'],
    ['nil', '81c001'],
    ['a map', '818001'],
  ])('a map key that is %s', (_, hex) => {
    expect(() => decodeHex(hex)).toThrow('a map key is not a string')
  })

  test.each([
    ['a stray byte', 'a2ff61'],
    ['an overlong form', 'a2c080'],
    ['a surrogate', 'a3eda080'],
    ['a key', '81a1ff01'],
    ['after ASCII', 'a46162ff63'],
    ['at the end of a long one', `d950${'61'.repeat(79)}ff`],
    ['str 8', 'd901ff'],
    ['str 16', 'da0001ff'],
    ['str 32', 'db00000001ff'],
  ])('a string that is not UTF-8: %s', (_, hex) => {
    expect(() => decodeHex(hex)).toThrow('a string is not UTF-8')
  })
})

test('a key named __proto__ reaches no prototype', () => {
  const decoded = decodeHex(`81a9${Buffer.from('__proto__').toString('hex')}81a16101`) as object
  expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype)
  expect('a' in decoded).toBe(false)
})
