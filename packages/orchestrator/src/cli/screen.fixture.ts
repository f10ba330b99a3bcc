import { Writable } from 'node:stream'
import xterm from '@xterm/headless'

/** A terminal as one sees it: takes what a program writes to it, and knows what then stands where. */
export class Screen extends Writable {
  readonly #terminal: InstanceType<typeof xterm.Terminal>
  readonly #watchers = new Set<() => void>()
  #written = ''
  #isOver = false

  constructor(size: { columns: number; rows: number }) {
    super()
    // Without a pseudo-terminal in between nobody makes CR LF of LF.
    const options = { cols: size.columns, rows: size.rows, convertEol: true }
    this.#terminal = new xterm.Terminal({ ...options, allowProposedApi: true })
    this.once('finish', () => {
      this.#terminal.write('', () => {
        this.#isOver = true
        this.#wake()
      })
    })
  }

  get columns(): number {
    return this.#terminal.cols
  }

  get rows(): number {
    return this.#terminal.rows
  }

  /** Everything that was written, control sequences included. */
  get written(): string {
    return this.#written
  }

  /** Wraps what is there anew, as terminals do. */
  resize({ columns, rows }: { columns: number; rows: number }): void {
    this.#terminal.resize(columns, rows)
  }

  /** The lines on it and those that were scrolled out, without empty ones at the end. */
  get lines(): string[] {
    const { active } = this.#terminal.buffer
    const lines = Array.from(
      { length: active.length },
      (_, row) => active.getLine(row)?.translateToString(true) ?? '',
    )
    return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1)
  }

  /** Resolves when the lines are so; rejects when nothing more is written and they are not. */
  async until(isSo: (lines: string[]) => boolean): Promise<void> {
    while (!isSo(this.lines)) {
      if (this.#isOver) throw new Error(`never on the screen, which has: ${this.lines.join('\n')}`)
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.#watchers.delete(watcher)
          resolve()
        }
        this.#watchers.add(watcher)
      })
    }
  }

  /** Resolves when all that was written is on it. */
  async settled(): Promise<void> {
    await new Promise<void>((resolve) => this.#terminal.write('', resolve))
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#written += chunk.toString()
    // Not waited for: who writes to a terminal is not told when it is shown.
    this.#terminal.write(chunk, () => this.#wake())
    done()
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher()
  }
}
