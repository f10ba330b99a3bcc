/**
 * A frame is a 4-byte big-endian length and that many bytes of payload, in both dialects and both
 * directions.
 */

export const HEADER_BYTES = 4

/** The largest request either dialect accepts: 10 MiB, the limit of nac-test's broker. */
export const MAX_FRAME_BYTES = 10 * 1024 * 1024

export type FrameFault = 'empty' | 'oversized'

export class FrameError extends Error {
  override readonly name = 'FrameError'
  readonly fault: FrameFault

  constructor(fault: FrameFault, message: string) {
    super(message)
    this.fault = fault
  }
}

export function encodeFrame(payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  frame.writeUInt32BE(payload.length, 0)
  frame.set(payload, HEADER_BYTES)
  return frame
}

/**
 * Cuts a byte stream, fed in slices of any size, into payloads. Memory grows with what has arrived,
 * never with what a header claims.
 */
export class FrameDecoder {
  readonly #maxBytes: number
  #pieces: Buffer[] = []
  #buffered = 0

  constructor(maxBytes: number = MAX_FRAME_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** True while part of a frame has arrived: an end of stream now tears it. */
  get midFrame(): boolean {
    return this.#buffered > 0
  }

  /**
   * Yields each payload that `chunk` completes. A payload may share memory with `chunk`.
   * @throws {FrameError} on a length of zero or above the cap, on the header alone; the stream is
   * then useless, as nothing marks where the next frame begins.
   */
  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    this.#pieces.push(chunk)
    this.#buffered += chunk.length
    while (this.#buffered >= HEADER_BYTES) {
      const length = this.#peekLength()
      if (length === 0) throw new FrameError('empty', 'a frame of zero bytes')
      if (length > this.#maxBytes) {
        throw new FrameError(
          'oversized',
          `a frame of ${length} bytes; at most ${this.#maxBytes} are allowed`,
        )
      }
      if (this.#buffered < HEADER_BYTES + length) return
      const bytes = this.#joined()
      const end = HEADER_BYTES + length
      this.#pieces = bytes.length > end ? [bytes.subarray(end)] : []
      this.#buffered = bytes.length - end
      yield bytes.subarray(HEADER_BYTES, end)
    }
  }

  #peekLength(): number {
    const first = this.#pieces[0]
    if (first !== undefined && first.length >= HEADER_BYTES) return first.readUInt32BE(0)
    return this.#joined().readUInt32BE(0)
  }

  #joined(): Buffer {
    const [first] = this.#pieces
    if (first !== undefined && this.#pieces.length === 1) return first
    const joined = Buffer.concat(this.#pieces, this.#buffered)
    this.#pieces = [joined]
    return joined
  }
}
