import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { LineSplitter } from './line-splitter.ts'

/**
 * Where a worker's output goes. Usually the worker writes into the file itself: nothing passes through
 * this process, and the two streams stay in the order in which they were written. Only where somebody
 * listens to the lines do they come through pipes.
 */
export class WorkerLog {
  readonly stdio: StdioOptions
  readonly #file: number
  readonly #onLine: ((line: string) => void) | undefined

  /**
   * `earlier` says what is to become of what is in the file.
   * @throws when the file cannot be written.
   */
  constructor(
    file: string,
    onLine: ((line: string) => void) | undefined,
    earlier: 'keep' | 'drop' = 'drop',
  ) {
    this.#file = openSync(file, earlier === 'keep' ? 'a+' : 'w+')
    this.#onLine = onLine
    this.stdio = onLine ? ['ignore', 'pipe', 'pipe'] : ['ignore', this.#file, this.#file]
  }

  attach(child: ChildProcess): void {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream || !this.#onLine) continue
      const lines = new LineSplitter(this.#onLine)
      stream.on('data', (chunk: Buffer) => {
        this.#write(chunk)
        lines.push(chunk)
      })
      stream.on('end', () => lines.end())
    }
  }

  /** A line of our own. */
  note(text: string): void {
    this.#write(Buffer.from(`${this.#isAtLineStart() ? '' : '\n'}nac-broker: ${text}\n`))
    this.#onLine?.(`nac-broker: ${text}`)
  }

  /** When something was last written, by the calendar. */
  lastWrite(): Date {
    return fstatSync(this.#file).mtime
  }

  /** Only when nothing is attached any more. */
  close(): void {
    closeSync(this.#file)
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
