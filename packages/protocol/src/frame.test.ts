import { describe, expect, test } from 'vitest'
import { encodeFrame, FrameDecoder, FrameError, MAX_FRAME_BYTES } from './frame.ts'

function frameOf(text: string): Buffer {
  return encodeFrame(Buffer.from(text))
}

function header(length: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  return bytes
}

/** The payloads of a stream that arrives cut at the given offsets. */
function decodeCut(
  stream: Buffer,
  cuts: readonly number[],
  decoder = new FrameDecoder(),
): string[] {
  const edges = [0, ...cuts, stream.length]
  return edges.slice(1).flatMap((end, index) => {
    const slice = stream.subarray(edges[index], end)
    return [...decoder.push(slice)].map((payload) => payload.toString())
  })
}

function faultOf(decoder: FrameDecoder, bytes: Buffer): string | undefined {
  try {
    Array.from(decoder.push(bytes))
    return undefined
  } catch (error) {
    if (error instanceof FrameError) return error.fault
    throw error
  }
}

describe('a frame', () => {
  test('is a 4-byte big-endian length and the payload', () => {
    expect(frameOf('ping').toString('hex')).toBe('0000000470696e67')
    expect(encodeFrame(Buffer.alloc(0x01_02_03, 0x2a)).subarray(0, 5).toString('hex')).toBe(
      '000102032a',
    )
  })
})

describe('the decoder', () => {
  const payloads = ['a', 'longer', 'xyz']
  const stream = Buffer.concat(payloads.map(frameOf))

  test('finds many frames in one chunk', () => {
    expect(decodeCut(stream, [])).toEqual(payloads)
  })

  test('finds the same frames wherever the stream is cut in two or in three', () => {
    for (let first = 0; first <= stream.length; first++) {
      for (let second = first; second <= stream.length; second++) {
        expect(decodeCut(stream, [first, second])).toEqual(payloads)
      }
    }
  })

  test('finds the same frames in single bytes', () => {
    expect(decodeCut(stream, [...stream.keys()])).toEqual(payloads)
  })

  test('yields a payload with the very byte that completes it', () => {
    const decoder = new FrameDecoder()
    expect([...decoder.push(stream.subarray(0, 4))]).toEqual([])
    expect([...decoder.push(stream.subarray(4, 5))].map(String)).toEqual(['a'])
  })

  test('keeps the rest for the next push when its consumer stops early', () => {
    const decoder = new FrameDecoder()
    for (const payload of decoder.push(stream)) {
      expect(payload.toString()).toBe('a')
      break
    }
    expect([...decoder.push(Buffer.alloc(0))].map(String)).toEqual(['longer', 'xyz'])
  })

  test('is in the middle of a frame from its first byte to its last', () => {
    const decoder = new FrameDecoder()
    expect(decoder.midFrame).toBe(false)
    for (const byte of stream.subarray(0, 4)) {
      expect([...decoder.push(Buffer.of(byte))]).toEqual([])
      expect(decoder.midFrame).toBe(true)
    }
    expect([...decoder.push(stream.subarray(4, 5))]).toHaveLength(1)
    expect(decoder.midFrame).toBe(false)
    expect([...decoder.push(stream.subarray(5, 12))]).toEqual([])
    expect(decoder.midFrame).toBe(true)
  })
})

describe('the cap', () => {
  test('admits a frame of exactly 10 MiB and refuses one byte more', () => {
    expect(MAX_FRAME_BYTES).toBe(10_485_760)
    const decoder = new FrameDecoder()
    const [payload] = [...decoder.push(encodeFrame(Buffer.alloc(MAX_FRAME_BYTES, 0x2a)))]
    expect(payload?.length).toBe(MAX_FRAME_BYTES)
    expect(faultOf(decoder, header(MAX_FRAME_BYTES + 1))).toBe('oversized')
  })

  test('is applied to the header alone, wherever that is cut', () => {
    for (let cut = 0; cut < 4; cut++) {
      const decoder = new FrameDecoder(100)
      expect(faultOf(decoder, header(101).subarray(0, cut))).toBeUndefined()
      expect(faultOf(decoder, header(101).subarray(cut))).toBe('oversized')
    }
    expect(faultOf(new FrameDecoder(), header(0xff_ff_ff_ff))).toBe('oversized')
  })

  test('takes no memory for what a header merely claims', () => {
    const before = process.memoryUsage().arrayBuffers
    const decoders = Array.from({ length: 100 }, () => new FrameDecoder())
    for (const decoder of decoders) {
      expect([...decoder.push(Buffer.concat([header(MAX_FRAME_BYTES), Buffer.of(1)]))]).toEqual([])
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MAX_FRAME_BYTES)
  })
})

describe('a length of zero', () => {
  test('is a fault, found after the frames before it', () => {
    const decoder = new FrameDecoder()
    const found: string[] = []
    expect(() => {
      for (const payload of decoder.push(Buffer.concat([frameOf('ok'), header(0)]))) {
        found.push(payload.toString())
      }
    }).toThrow(FrameError)
    expect(found).toEqual(['ok'])
  })

  test('stays a fault: nothing after it is taken for a frame', () => {
    const decoder = new FrameDecoder()
    expect(faultOf(decoder, header(0))).toBe('empty')
    expect(faultOf(decoder, frameOf('late'))).toBe('empty')
  })
})
