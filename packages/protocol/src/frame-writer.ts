/** What frames are written to: a socket, say. */
export interface FrameSink {
  cork(): void
  uncork(): void
  write(bytes: Uint8Array): unknown
}

/**
 * So many frames go into one system call. With more, two that answer each other take turns, instead of
 * working side by side: with 32 calls in flight all of them in one are half as fast as none.
 */
const FRAMES_TOGETHER = 8

/** Writes what comes within one turn of the event loop in few system calls, at the latest when that is over. */
export class FrameWriter {
  readonly #sink: FrameSink
  #held = 0
  readonly #release = (): void => {
    if (this.#held === 0) return
    this.#held = 0
    this.#sink.uncork()
  }

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  write(frame: Uint8Array): void {
    if (this.#held === 0) {
      this.#sink.cork()
      // After all promises that are settled by now, and what they bring about.
      process.nextTick(this.#release)
    }
    this.#sink.write(frame)
    if (++this.#held === FRAMES_TOGETHER) this.#release()
  }
}
