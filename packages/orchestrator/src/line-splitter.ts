import { StringDecoder } from 'node:string_decoder'

/** A line that is longer is handed on in pieces, so that output without line ends is not collected. */
const MAX_LINE = 64 * 1024

/** Bytes in, lines out, without their line ends. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line.replace(/\r$/, ''))
    if (this.#rest.length >= MAX_LINE) this.#flush()
  }

  end(): void {
    this.#rest += this.#decoder.end()
    if (this.#rest !== '') this.#flush()
  }

  #flush(): void {
    this.#onLine(this.#rest)
    this.#rest = ''
  }
}
