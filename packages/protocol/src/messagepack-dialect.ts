import { BrokerError } from './errors.ts'
import { firstIssue } from './first-issue.ts'
import { encodeFrame, HEADER_BYTES } from './frame.ts'
import {
  brokerMessageSchema,
  type BrokerMessage,
  clientMessageSchema,
  type ClientMessage,
} from './messages.ts'
import { decodeMessagePack, encodeMessagePack } from './messagepack.ts'
import type { z } from 'zod'

/**
 * Whether a connection whose first payload begins with this byte speaks the MessagePack dialect:
 * every message is a map, and no JSON text begins with one of a map's type bytes.
 */
export function isMessagePackDialect(firstByte: number): boolean {
  return (firstByte >= 0x80 && firstByte <= 0x8f) || firstByte === 0xde || firstByte === 0xdf
}

/**
 * One message as the frame that carries it.
 * @throws {BrokerError} `INVALID_REQUEST` for text that is not Unicode (a lone surrogate).
 */
export function encodeMessage(message: ClientMessage | BrokerMessage): Buffer {
  try {
    return encodeFrame(encodeMessagePack(message))
  } catch (error) {
    throw new BrokerError('INVALID_REQUEST', `the ${message.type} cannot be sent: ${said(error)}`, {
      cause: error,
    })
  }
}

/** A bin 32: its type byte and length go before the bytes. */
const BIN_32 = 0xc6

/**
 * A `chunk` as the frame that carries it, in two pieces: what goes before its data, and the data itself, which
 * is not copied.
 */
export function encodeChunk(id: number, data: Uint8Array): readonly [Buffer, Uint8Array] {
  // Its data comes last: an empty one, of two bytes, stands there for it.
  const before = encodeMessagePack({ type: 'chunk', id, data: EMPTY }).subarray(0, -2)
  const head = Buffer.allocUnsafe(HEADER_BYTES + before.length + 5)
  const after = HEADER_BYTES + before.length
  head.writeUInt32BE(before.length + 5 + data.length, 0)
  head.set(before, HEADER_BYTES)
  head.writeUInt8(BIN_32, after)
  head.writeUInt32BE(data.length, after + 1)
  return [head, data]
}

const EMPTY = new Uint8Array()

/** @throws {BrokerError} `PROTOCOL_VIOLATION` for a payload that is no message of a client. */
export function decodeClientMessage(payload: Buffer): ClientMessage {
  return decode(payload, clientMessageSchema)
}

/** @throws {BrokerError} `PROTOCOL_VIOLATION` for a payload that is no message of a broker. */
export function decodeBrokerMessage(payload: Buffer): BrokerMessage {
  return decode(payload, brokerMessageSchema)
}

function decode<Message>(payload: Buffer, schema: z.ZodType<Message>): Message {
  let value: unknown
  try {
    value = decodeMessagePack(payload)
  } catch (error) {
    throw new BrokerError('PROTOCOL_VIOLATION', `not a MessagePack message: ${said(error)}`)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new BrokerError('PROTOCOL_VIOLATION', `not a message: ${firstIssue(parsed.error, value)}`)
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
