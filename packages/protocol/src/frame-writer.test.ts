import { describe, expect, test } from 'vitest'
import { type FrameSink, FrameWriter } from './frame-writer.ts'

/** Keeps what is corked until it is uncorked, as a socket does; notes what goes out together. */
class Sink implements FrameSink {
  readonly sent: number[][] = []
  #corked: number[] | undefined

  cork(): void {
    this.#corked = []
  }

  uncork(): void {
    if (this.#corked) this.sent.push(this.#corked)
    this.#corked = undefined
  }

  write(bytes: Uint8Array): void {
    const [first = -1] = bytes
    if (this.#corked) this.#corked.push(first)
    else this.sent.push([first])
  }
}

function write(writer: FrameWriter, from: number, to: number): void {
  for (let n = from; n <= to; n++) writer.write(Uint8Array.of(n))
}

/** What was to be done at the end of this turn is done then. */
function turnOver(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

describe('frames that are written in one turn of the loop', () => {
  test('go out together when it is over', async () => {
    const sink = new Sink()
    write(new FrameWriter(sink), 1, 3)
    expect(sink.sent).toEqual([])
    await turnOver()
    expect(sink.sent).toEqual([[1, 2, 3]])
  })

  test('go out eight at a time where there are more', async () => {
    const sink = new Sink()
    write(new FrameWriter(sink), 1, 18)
    const eights = [
      [1, 2, 3, 4, 5, 6, 7, 8],
      [9, 10, 11, 12, 13, 14, 15, 16],
    ]
    expect(sink.sent).toEqual(eights)
    await turnOver()
    expect(sink.sent).toEqual([...eights, [17, 18]])
  })

  test('are together with those that a settled promise brings about', async () => {
    const sink = new Sink()
    const writer = new FrameWriter(sink)
    write(writer, 1, 1)
    void Promise.resolve().then(() => write(writer, 2, 2))
    await turnOver()
    expect(sink.sent).toEqual([[1, 2]])
  })

  test('are in order, also over several turns', async () => {
    const sink = new Sink()
    const writer = new FrameWriter(sink)
    write(writer, 1, 3)
    await turnOver()
    write(writer, 4, 20)
    await turnOver()
    write(writer, 21, 21)
    await turnOver()
    expect(sink.sent.flat()).toEqual(Array.from({ length: 21 }, (_, n) => n + 1))
    expect(sink.sent.at(-1)).toEqual([21])
  })
})
