import { Writable } from 'node:stream'
import { type Clock, systemClock, type Timer } from '@nac-broker/supervisor'
import { createLogUpdate } from 'log-update'
import stringWidth from 'string-width'
import { printToStderr } from './output.ts'

/** Of a terminal, in characters. */
export interface Size {
  columns: number
  rows: number
}

const FRAME_MS = 100
const ROW_UP_AND_ERASE = '\u001B[1A\u001B[2K'

/** stderr as a terminal. One that does not know its size says zero, and passes for 80 by 24. */
class Terminal extends Writable implements Size {
  readonly isTTY = true

  get columns(): number {
    return process.stderr.columns || 80
  }

  get rows(): number {
    return process.stderr.rows || 24
  }

  override _write(text: unknown, _encoding: string, done: () => void): void {
    printToStderr(String(text))
    done()
  }
}

interface LiveLinesOptions {
  terminal?: Writable & Size
  clock?: Clock
}

/**
 * The last lines of a terminal, drawn again and again in the same place: `frame` is asked for them ten
 * times a second, and what has changed is written. Each has to fit into the width, and one row is the
 * cursor's. Disposed of, they are erased and the cursor is back; idempotent. It comes back as well when
 * the process exits or is ended by a signal that nobody handles.
 */
export class LiveLines implements Disposable {
  readonly #frame: (size: Size) => readonly string[]
  readonly #terminal: Writable & Size
  readonly #clock: Clock
  readonly #update: ReturnType<typeof createLogUpdate>
  #shown: readonly string[] = []
  /** What they were drawn for. */
  #size: Size = { columns: 0, rows: 0 }
  #writtenMs = -Infinity
  #timer: Timer | undefined

  constructor(
    frame: (size: Size) => readonly string[],
    { terminal = new Terminal(), clock = systemClock }: LiveLinesOptions = {},
  ) {
    this.#frame = frame
    this.#terminal = terminal
    this.#clock = clock
    this.#update = createLogUpdate(terminal)
    this.#draw()
  }

  /** Has something else written, which then stands above the lines. */
  above(write: () => void): void {
    if (!this.#timer) return write()
    this.#erase()
    write()
    // Where much is logged the next frame is soon enough.
    if (this.#clock.now() - this.#writtenMs >= FRAME_MS) this.#show()
  }

  /** Leaves the terminal to somebody else, with its cursor, until the next frame. */
  yield(): void {
    if (!this.#timer) return
    this.#erase()
    this.#update.done()
  }

  [Symbol.dispose](): void {
    if (!this.#timer) return
    this.#timer.cancel()
    this.#timer = undefined
    this.#erase()
    this.#update.done()
  }

  #draw(): void {
    this.#timer = this.#clock.startTimer(FRAME_MS, () => this.#draw())
    this.#show()
  }

  #show(): void {
    const { columns, rows } = this.#terminal
    const lines = this.#frame({ columns, rows })
    if (columns !== this.#size.columns || rows !== this.#size.rows) this.#erase()
    else if (lines.join('\n') === this.#shown.join('\n')) return
    this.#update(lines.join('\n'))
    this.#shown = lines
    this.#size = { columns, rows }
    this.#writtenMs = this.#clock.now()
  }

  #erase(): void {
    // A terminal that has become narrower has wrapped them, into more rows than were written.
    const { columns } = this.#terminal
    const rowsOf = (line: string): number => Math.max(1, Math.ceil(stringWidth(line) / columns))
    const more = this.#shown.reduce((sum, line) => sum + rowsOf(line) - 1, 0)
    this.#terminal.write(ROW_UP_AND_ERASE.repeat(more))
    this.#update.clear()
    this.#shown = []
  }
}
