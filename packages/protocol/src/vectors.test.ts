import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { encodeFrame, FrameDecoder, FrameError, MAX_FRAME_BYTES } from './frame.ts'
import { decodeBrokerMessage, decodeClientMessage, encodeMessage } from './messagepack-dialect.ts'
import {
  type BrokerMessage,
  type ClientMessage,
  CHUNK_BYTES,
  PROTOCOL_VERSION,
} from './messages.ts'
import {
  decodeNacTestRequest,
  encodeNacTestError,
  encodeNacTestSuccess,
  type NacTestStatus,
} from './nac-test-dialect.ts'
import { isOperationName, OPERATIONS, type OperationName } from './operations/index.ts'

interface StreamVector {
  name: string
  stream: string
  payloads: string[]
  fault?: string
}

interface MessageVector {
  name: string
  from: 'client' | 'broker'
  message: ClientMessage | BrokerMessage
}

interface Vectors {
  frames: { maxFrameBytes: number } & Record<'streams' | 'faults' | 'torn', StreamVector[]>
  'messagepack-dialect': {
    protocol: number
    messages: (MessageVector & { frame: string; answers?: OperationName })[]
    alsoAccepted: (MessageVector & { payload: string })[]
    refused: { name: string; from: 'client' | 'broker'; payload: string; field?: string }[]
  }
  'nac-test-dialect': {
    requests: { name: string; frame: string; text: string; request: unknown }[]
    invalid: { name: string; frame: string; text: string; error: string }[]
    replies: {
      name: string
      frame: string
      reply:
        | { status: 'success'; result: string | boolean | NacTestStatus }
        | { status: 'error'; error: string }
    }[]
    closed: { name: string; stream: string }[]
  }
}

function load<Name extends keyof Vectors>(name: Name): Vectors[Name] {
  const url = new URL(`../vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8'), fromHex) as Vectors[Name]
}

/** `{"$hex": "00ff"}` stands for bytes, which JSON does not have. */
function fromHex(_key: string, value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && '$hex' in value
  return isBytes ? Buffer.from(String(value.$hex), 'hex') : value
}

/** Feeds a stream byte by byte: its payloads, and how it ended. */
function readStream(hex: string): { payloads: string[]; fault?: string; torn: boolean } {
  const decoder = new FrameDecoder()
  const payloads: string[] = []
  try {
    for (const byte of Buffer.from(hex, 'hex')) {
      for (const payload of decoder.push(Buffer.of(byte))) payloads.push(payload.toString('hex'))
    }
  } catch (error) {
    if (error instanceof FrameError) return { payloads, fault: error.fault, torn: false }
    throw error
  }
  return { payloads, torn: decoder.midFrame }
}

function payloadOf(hex: string): Buffer {
  const { payloads } = readStream(hex)
  expect(payloads).toHaveLength(1)
  return Buffer.from(payloads[0] ?? '', 'hex')
}

const decoderOf = { client: decodeClientMessage, broker: decodeBrokerMessage }

describe('vectors/frames.json', () => {
  const { maxFrameBytes, streams, faults, torn } = load('frames')

  test('states the cap', () => {
    expect(maxFrameBytes).toBe(MAX_FRAME_BYTES)
  })

  test.each(streams)('$name', ({ stream, payloads }) => {
    expect(readStream(stream)).toEqual({ payloads, torn: false })
    const frames = payloads.map((payload) => encodeFrame(Buffer.from(payload, 'hex')))
    expect(Buffer.concat(frames).toString('hex')).toBe(stream)
  })

  test.each(faults)('$name: a fault', ({ stream, payloads, fault }) => {
    expect(readStream(stream)).toEqual({ payloads, fault, torn: false })
  })

  test.each(torn)('$name: torn', ({ stream, payloads }) => {
    expect(readStream(stream)).toEqual({ payloads, torn: true })
  })
})

describe('vectors/messagepack-dialect.json', () => {
  const { protocol, messages, alsoAccepted, refused } = load('messagepack-dialect')

  test('states the version', () => {
    expect(protocol).toBe(PROTOCOL_VERSION)
  })

  test.each(messages)('$name', ({ from, frame, message }) => {
    expect(encodeMessage(message).toString('hex')).toBe(frame)
    expect(decoderOf[from](payloadOf(frame))).toEqual(message)
  })

  test.each(alsoAccepted)('$name: accepted', ({ from, payload, message }) => {
    expect(decoderOf[from](Buffer.from(payload, 'hex'))).toEqual(message)
  })

  test.each(refused)('$name: refused', ({ from, payload, field }) => {
    const message =
      field === undefined ? /^not a MessagePack message: / : `not a message: ${field}: `
    const decode = (): unknown => decoderOf[from](Buffer.from(payload, 'hex'))
    expect(decode).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }))
    expect(decode).toThrow(message)
  })

  test('has a request of every operation, with params that the operation takes', () => {
    const asked = messages.flatMap(({ message }) => {
      if (message.type !== 'request' || !isOperationName(message.operation)) return []
      expect(OPERATIONS[message.operation].params.parse(message.params)).toEqual(message.params)
      return [message.operation]
    })
    expect(new Set(asked)).toEqual(new Set(Object.keys(OPERATIONS)))
  })

  test('has a response to every operation, with a result that the operation gives', () => {
    const answered = messages.flatMap(({ message, answers }) => {
      if (message.type !== 'response' || answers === undefined) return []
      expect(OPERATIONS[answers].result.parse(message.result)).toEqual(message.result)
      return [answers]
    })
    expect(new Set(answered)).toEqual(new Set(Object.keys(OPERATIONS)))
  })

  test('states the limits that a welcome gives', () => {
    const [limits] = messages.flatMap(({ message }) =>
      message.type === 'welcome' ? [message.limits] : [],
    )
    expect(limits).toMatchObject({ maxFrameBytes: MAX_FRAME_BYTES, chunkBytes: CHUNK_BYTES })
  })
})

describe('vectors/nac-test-dialect.json', () => {
  const { requests, invalid, replies, closed } = load('nac-test-dialect')

  test.each(requests)('$name', ({ frame, text, request }) => {
    expect(encodeFrame(Buffer.from(text)).toString('hex')).toBe(frame)
    expect(decodeNacTestRequest(payloadOf(frame))).toEqual(request)
  })

  test.each(invalid)('$name: answered with an error', ({ frame, text, error }) => {
    expect(encodeFrame(Buffer.from(text)).toString('hex')).toBe(frame)
    expect(decodeNacTestRequest(payloadOf(frame))).toEqual({ command: 'invalid', error })
  })

  test.each(replies)('the reply to $name', ({ frame, reply }) => {
    const encoded =
      reply.status === 'success'
        ? encodeNacTestSuccess(reply.result)
        : encodeNacTestError(reply.error)
    expect(encoded.toString('hex')).toBe(frame)
    expect(JSON.parse(payloadOf(frame).toString())).toEqual(reply)
  })

  test.each(closed)('$name: closed without a reply', ({ stream }) => {
    const { payloads, fault, torn } = readStream(stream)
    const broken = payloads.map((payload) => () => {
      decodeNacTestRequest(Buffer.from(payload, 'hex'))
    })
    for (const decode of broken) expect(decode).toThrow(Error)
    expect(broken.length > 0 || fault !== undefined || torn).toBe(true)
  })
})
