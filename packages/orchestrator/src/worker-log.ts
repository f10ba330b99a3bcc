import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import type { Readable } from 'node:stream'
import { LineSplitter } from './line-splitter.ts'

/** Is given each line of a worker. While it waits nothing more is read: the worker writes no faster. */
export type LineListener = (line: string) => void | Promise<void>

/**
 * Where a worker's output goes. Usually the worker writes into the file itself: nothing passes through
 * this process, and the two streams stay in the order in which they were written. Only where somebody
 * listens to the lines do they come through pipes.
 */
export class WorkerLog {
  readonly stdio: StdioOptions
  readonly #file: number
  readonly #onLine: LineListener | undefined
  /** Promises of the listener for what was read last. */
  #unheard: Promise<void>[] = []
  #patient = true

  /**
   * `earlier` says what is to become of what is in the file.
   * @throws when the file cannot be written.
   */
  constructor(file: string, onLine: LineListener | undefined, earlier: 'keep' | 'drop' = 'drop') {
    this.#file = openSync(file, earlier === 'keep' ? 'a+' : 'w+')
    this.#onLine = onLine
    this.stdio = onLine ? ['ignore', 'pipe', 'pipe'] : ['ignore', this.#file, this.#file]
  }

  attach(child: ChildProcess): void {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream || !this.#onLine) continue
      const lines = new LineSplitter((line) => this.#tell(line))
      stream.on('data', (chunk: Buffer) => {
        this.#write(chunk)
        lines.push(chunk)
        void this.#keepPace(stream)
      })
      stream.on('end', () => lines.end())
    }
  }

  /** The worker has ended: what is left in its pipes is little, and is read however far behind we are. */
  readRest(child: ChildProcess): void {
    this.#patient = false
    child.stdout?.resume()
    child.stderr?.resume()
  }

  /** A line of our own. */
  note(text: string): void {
    this.#write(Buffer.from(`${this.#isAtLineStart() ? '' : '\n'}nac-broker: ${text}\n`))
    this.#tell(`nac-broker: ${text}`)
  }

  /** When something was last written, by the calendar. */
  lastWrite(): Date {
    return fstatSync(this.#file).mtime
  }

  /** Only when nothing is attached any more. */
  close(): void {
    closeSync(this.#file)
  }

  #tell(line: string): void {
    const heard = this.#onLine?.(line)
    if (heard) this.#unheard.push(heard)
  }

  /** Reads on when the listener has heard what was read. */
  async #keepPace(stream: Readable): Promise<void> {
    const unheard = this.#unheard
    this.#unheard = []
    if (unheard.length === 0 || !this.#patient) return
    stream.pause()
    await Promise.allSettled(unheard)
    stream.resume()
  }

  #isAtLineStart(): boolean {
    const { size } = fstatSync(this.#file)
    const last = Buffer.alloc(1)
    return size === 0 || (readSync(this.#file, last, 0, 1, size - 1), last.toString() === '\n')
  }

  /** A full disk costs us the log, not the run. */
  #write(bytes: Buffer): void {
    try {
      writeSync(this.#file, bytes)
    } catch {
      // There is nowhere to say so.
    }
  }
}
