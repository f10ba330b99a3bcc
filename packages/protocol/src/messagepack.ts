import { isUtf8 } from 'node:buffer'
import { Packr, Unpackr } from 'msgpackr'

/**
 * Plain MessagePack: nil, booleans, numbers, strings, binary, arrays and maps with string keys.
 * msgpackr would also decode records and extension types, would believe an array's length before
 * seeing its elements, and would put other characters in place of bad UTF-8; a peer must not be able
 * to use any of that, so each payload is walked once before it is decoded.
 */

const MAX_DEPTH = 16

// A variable of its own, because msgpackr's types leave out its documented `skipValues`.
const packing = { useRecords: false, variableMapSize: true, skipValues: [undefined] }
const packr = new Packr(packing)
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/**
 * Leaves out what is undefined in an object.
 * @throws {Error} for what the other side would refuse: undefined in an array, a Date and other things
 * that need an extension type, a lone surrogate (in a long string msgpackr writes U+FFFD instead).
 */
export function encodeMessagePack(value: unknown): Buffer {
  const payload = packr.pack(value)
  checkPlain(payload)
  return payload
}

/** @throws {Error} saying what is wrong with the payload; nothing is decoded then. */
export function decodeMessagePack(payload: Buffer): unknown {
  checkPlain(payload)
  return unpackr.unpack(payload)
}

function checkPlain(payload: Buffer): void {
  const end = skipValue(payload, 0, 0)
  if (end !== payload.length) throw new Error(`${payload.length - end} bytes after the value`)
}

/** The offset just after the value that starts at `offset`. */
function skipValue(bytes: Buffer, offset: number, depth: number): number {
  if (depth > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`)
  const type = bytes[offset]
  if (type === undefined) throw new Error('the value ends early')
  const body = offset + 1
  if (type <= 0x7f || type >= 0xe0) return body // fixint
  if (type <= 0x8f) return skipMap(bytes, body, type & 0x0f, depth) // fixmap
  if (type <= 0x9f) return skipArray(bytes, body, type & 0x0f, depth) // fixarray
  if (type <= 0xbf) return skipString(bytes, body, type & 0x1f) // fixstr
  switch (type) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return body
    case 0xc4: // bin 8
      return skipBytes(bytes, body + 1, unsigned(bytes, body, 1))
    case 0xc5: // bin 16
      return skipBytes(bytes, body + 2, unsigned(bytes, body, 2))
    case 0xc6: // bin 32
      return skipBytes(bytes, body + 4, unsigned(bytes, body, 4))
    case 0xd9: // str 8
      return skipString(bytes, body + 1, unsigned(bytes, body, 1))
    case 0xda: // str 16
      return skipString(bytes, body + 2, unsigned(bytes, body, 2))
    case 0xdb: // str 32
      return skipString(bytes, body + 4, unsigned(bytes, body, 4))
    case 0xcc: // uint 8
    case 0xd0: // int 8
      return skipBytes(bytes, body, 1)
    case 0xcd: // uint 16
    case 0xd1: // int 16
      return skipBytes(bytes, body, 2)
    case 0xca: // float 32
    case 0xce: // uint 32
    case 0xd2: // int 32
      return skipBytes(bytes, body, 4)
    case 0xcb: // float 64
    case 0xcf: // uint 64
    case 0xd3: // int 64
      return skipBytes(bytes, body, 8)
    case 0xdc: // array 16
      return skipArray(bytes, body + 2, unsigned(bytes, body, 2), depth)
    case 0xdd: // array 32
      return skipArray(bytes, body + 4, unsigned(bytes, body, 4), depth)
    case 0xde: // map 16
      return skipMap(bytes, body + 2, unsigned(bytes, body, 2), depth)
    case 0xdf: // map 32
      return skipMap(bytes, body + 4, unsigned(bytes, body, 4), depth)
    default:
      throw new Error(`type 0x${type.toString(16)} is not allowed (extension or reserved)`)
  }
}

function skipArray(bytes: Buffer, offset: number, count: number, depth: number): number {
  // An impossible count costs nothing: the loop throws where the bytes end.
  let at = offset
  for (let element = 0; element < count; element++) at = skipValue(bytes, at, depth + 1)
  return at
}

function skipMap(bytes: Buffer, offset: number, count: number, depth: number): number {
  let at = offset
  for (let entry = 0; entry < count; entry++) {
    const key = bytes[at]
    if (key !== undefined && !startsString(key)) throw new Error('a map key is not a string')
    at = skipValue(bytes, skipValue(bytes, at, depth + 1), depth + 1)
  }
  return at
}

function startsString(type: number): boolean {
  return (type >= 0xa0 && type <= 0xbf) || (type >= 0xd9 && type <= 0xdb)
}

/** Of this length and less, looking at each byte is quicker than to have Node look at a slice. */
const SHORT_STRING_BYTES = 64

function skipString(bytes: Buffer, offset: number, count: number): number {
  const end = skipBytes(bytes, offset, count)
  const from = count > SHORT_STRING_BYTES ? offset : skipAscii(bytes, offset, end)
  if (from < end && !isUtf8(bytes.subarray(from, end))) throw new Error('a string is not UTF-8')
  return end
}

/** The offset of the first byte before `end` that is not ASCII, or `end`. */
function skipAscii(bytes: Buffer, offset: number, end: number): number {
  let at = offset
  while (at < end && (bytes[at] as number) <= 0x7f) at++
  return at
}

function skipBytes(bytes: Buffer, offset: number, count: number): number {
  if (offset + count > bytes.length) throw new Error('the value ends early')
  return offset + count
}

function unsigned(bytes: Buffer, offset: number, width: 1 | 2 | 4): number {
  if (offset + width > bytes.length) throw new Error('the value ends early')
  return bytes.readUIntBE(offset, width)
}
