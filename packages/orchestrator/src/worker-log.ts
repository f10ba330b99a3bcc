import { closeSync, openSync, writeSync } from 'node:fs'
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

  /** @throws when the file cannot be written. */
  constructor(file: string, onLine: ((line: string) => void) | undefined) {
    this.#file = openSync(file, 'w')
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
    this.#write(Buffer.from(`nac-broker: ${text}\n`))
    this.#onLine?.(`nac-broker: ${text}`)
  }

  /** Only when nothing is attached any more. */
  close(): void {
    closeSync(this.#file)
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
