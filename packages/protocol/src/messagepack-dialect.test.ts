import { describe, expect, test } from 'vitest'
import { BrokerError } from './errors.ts'
import { FrameDecoder } from './frame.ts'
import { encodeMessagePack } from './messagepack.ts'
import {
  decodeBrokerMessage,
  decodeClientMessage,
  encodeChunk,
  encodeMessage,
  isMessagePackDialect,
} from './messagepack-dialect.ts'

function violation(decode: (payload: Buffer) => unknown, payload: Buffer): string {
  try {
    decode(payload)
  } catch (error) {
    if (error instanceof BrokerError && error.code === 'PROTOCOL_VIOLATION') return error.message
    throw error
  }
  throw new Error('the payload was taken for a message')
}

const fromClient = (message: unknown): string =>
  violation(decodeClientMessage, encodeMessagePack(message))
const fromBroker = (message: unknown): string =>
  violation(decodeBrokerMessage, encodeMessagePack(message))

const hello = { type: 'hello', protocol: 1, client: { name: 'test', pid: 1 } }
const request = { type: 'request', id: 1, operation: 'ping', params: {}, remainingMs: 1000 }
const welcome = {
  crashPolicy: ['restart', 'abort'],
  heartbeat: { intervalMs: 500, timeoutMs: 1500 },
  type: 'welcome',
  protocol: 1,
  version: '0.1.0',
  pid: 1,
  generation: 1,
  store: null,
  limits: { maxFrameBytes: 1, chunkBytes: 1, maxRequestsInFlight: 1 },
}
const error = { code: 'CANCELLED', message: 'cancelled', sent: 'no' }

function without(message: Record<string, unknown>, field: string): Record<string, unknown> {
  return { ...message, [field]: undefined }
}

describe('a connection speaks MessagePack', () => {
  test('exactly when its first payload begins like a map', () => {
    const maps = [...Array(256).keys()].filter(isMessagePackDialect)
    expect(maps).toEqual([...Array.from({ length: 16 }, (_, n) => 0x80 + n), 0xde, 0xdf])
  })

  test('never when its first payload is JSON text', () => {
    for (const text of ['{}', '[]', '"a"', '1', '-1', 'true', 'null', ' {}', '\n{}', '\ufeff{}']) {
      expect(isMessagePackDialect(Buffer.from(text).readUInt8(0))).toBe(false)
    }
  })
})

describe('a message that breaks the protocol is named by what is wrong with it', () => {
  test('an unknown type, or none', () => {
    expect(fromClient({ type: 'wish' })).toMatch(/^not a message: type: /)
    expect(fromClient({})).toMatch(/^not a message: type: /)
    expect(fromBroker({ type: 'wish' })).toMatch(/^not a message: type: /)
  })

  test('a type that only the other side sends', () => {
    expect(fromClient(welcome)).toMatch(/^not a message: type: /)
    expect(fromBroker(hello)).toMatch(/^not a message: type: /)
  })

  test('something that is no map', () => {
    expect(fromClient('hello')).toContain('must be a map, not text')
    expect(fromClient([hello])).toContain('must be a map, not a list')
  })

  test('something that is not MessagePack', () => {
    const torn = encodeMessagePack(hello).subarray(0, -1)
    expect(violation(decodeClientMessage, torn)).toBe(
      'not a MessagePack message: the value ends early',
    )
    expect(violation(decodeBrokerMessage, Buffer.of(0xc1))).toContain('type 0xc1 is not allowed')
  })

  test.each([
    ['protocol', without(hello, 'protocol')],
    ['client', without(hello, 'client')],
    ['client.name', { ...hello, client: { pid: 1 } }],
    ['client.pid', { ...hello, client: { name: 'test' } }],
    ['id', without(request, 'id')],
    ['operation', without(request, 'operation')],
    ['params', without(request, 'params')],
    ['remainingMs', without(request, 'remainingMs')],
    ['id', { type: 'cancel' }],
  ])('a missing %s, from a client', (field, message) => {
    expect(fromClient(message)).toMatch(new RegExp(`^not a message: ${field}: `))
  })

  test.each([
    ['version', without(welcome, 'version')],
    ['store', without(welcome, 'store')],
    ['limits', without(welcome, 'limits')],
    ['crashPolicy', without(welcome, 'crashPolicy')],
    ['heartbeat', without(welcome, 'heartbeat')],
    ['limits.chunkBytes', { ...welcome, limits: without(welcome.limits, 'chunkBytes') }],
    ['data', { type: 'chunk', id: 1 }],
    ['id', { type: 'response', result: {} }],
    ['error.sent', { type: 'response', id: 1, error: without(error, 'sent') }],
    ['event', { type: 'event' }],
    ['event.event', { type: 'event', event: { event: 'nobody-knows' } }],
    ['event.device', { type: 'event', event: { event: 'session-opened', openMs: 1 } }],
    ['error', { type: 'goodbye' }],
  ])('a missing %s, from a broker', (field, message) => {
    expect(fromBroker(message)).toMatch(new RegExp(`^not a message: ${field}: `))
  })

  test.each([
    ['protocol', { ...hello, protocol: '1' }],
    ['protocol', { ...hello, protocol: 0 }],
    ['client.pid', { ...hello, client: { name: 'test', pid: -1 } }],
    ['client.name', { ...hello, client: { name: 'x'.repeat(256), pid: 1 } }],
    ['id', { ...request, id: '1' }],
    ['id', { ...request, id: -1 }],
    ['id', { ...request, id: 1.5 }],
    ['id', { ...request, id: 2 ** 53 }],
    ['operation', { ...request, operation: 7 }],
    ['remainingMs', { ...request, remainingMs: Number.NaN }],
    ['remainingMs', { ...request, remainingMs: Number.POSITIVE_INFINITY }],
    ['deadlineMs', { ...request, deadlineMs: null }],
  ])('a wrong %s, from a client', (field, message) => {
    expect(fromClient(message)).toMatch(new RegExp(`^not a message: ${field}: `))
  })

  test.each([
    ['store', { ...welcome, store: 5 }],
    ['generation', { ...welcome, generation: 0 }],
    ['data', { type: 'chunk', id: 1, data: 'text in place of bytes' }],
    ['error.sent', { type: 'goodbye', error: { ...error, sent: 'maybe' } }],
    ['error.retryAfterMs', { type: 'goodbye', error: { ...error, retryAfterMs: -1 } }],
    ['event.count', { type: 'event', event: { event: 'missed', count: 0 } }],
  ])('a wrong %s, from a broker', (field, message) => {
    expect(fromBroker(message)).toMatch(new RegExp(`^not a message: ${field}: `))
  })
})

describe('what a newer peer adds is no reason to refuse it', () => {
  test('unknown fields are ignored at every level', () => {
    const newer = { ...hello, since: 2, client: { ...hello.client, host: 'h' } }
    expect(decodeClientMessage(encodeMessagePack(newer))).toEqual(hello)
    const limits = { ...welcome.limits, maxEvents: 9 }
    expect(decodeBrokerMessage(encodeMessagePack({ ...welcome, limits }))).toEqual(welcome)
  })

  test('an operation or error code nobody knows here is still a message', () => {
    const wish = { ...request, operation: 'wish' }
    expect(decodeClientMessage(encodeMessagePack(wish))).toEqual(wish)
    const failed = { type: 'response', id: 1, error: { ...error, code: 'OUT_OF_INK' } }
    expect(decodeBrokerMessage(encodeMessagePack(failed))).toEqual(failed)
  })
})

test('text that is not Unicode is refused on our side, not by the other', () => {
  const params = { device: 'r1', command: 'show \ud800' }
  expect(() =>
    encodeMessage({ type: 'request', id: 1, operation: 'execute', params, remainingMs: 1 }),
  ).toThrow(
    expect.objectContaining({
      code: 'INVALID_REQUEST',
      message: 'the request cannot be sent: a string is not UTF-8',
    }),
  )
})

test.each([0, 1, 255, 256, 65_536, 1_048_576])(
  'a chunk of %i bytes is one frame in two pieces, the second being its data',
  (length) => {
    const data = Buffer.alloc(length, 'x')
    const [head, same] = encodeChunk(70_000, data)
    expect(same).toBe(data)
    const payloads = [...new FrameDecoder().push(Buffer.concat([head, same]))]
    const messages = payloads.map(decodeBrokerMessage)
    expect(messages).toEqual([{ type: 'chunk', id: 70_000, data }])
  },
)
