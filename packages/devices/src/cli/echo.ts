import { visibleText } from './visible-text.ts'

/** The longest unfinished line that is searched for an echo, in characters. */
const MAX_LINE = 65_536

/**
 * Looks for the echo of a typed line in what arrives: a line of its own, or the rest of a line that
 * begins with a prompt. Lines before it are late news of something else. An echo that a line of news
 * or the edge of the screen has cut in pieces is put together again.
 */
export class EchoFinder {
  readonly #typed: string
  readonly #isPrompt: (text: string) => boolean
  #line = ''
  #begun = ''

  /** `typed` is a byte string, one character a byte. */
  constructor(typed: string, isPrompt: (text: string) => boolean) {
    this.#typed = typed.trim()
    this.#isPrompt = isPrompt
  }

  /** Takes the next bytes; returns what comes after the echo's line break, once that is there. */
  hear(bytes: Buffer): Buffer | undefined {
    let start = 0
    for (;;) {
      const end = bytes.indexOf('\n', start)
      const piece = bytes.toString('latin1', start, end < 0 ? bytes.length : end)
      this.#line = (this.#line + piece).slice(-MAX_LINE)
      if (end < 0) return undefined
      const line = visibleText(this.#line)
      this.#line = ''
      if (this.#completes(line)) return bytes.subarray(end + 1)
      start = end + 1
    }
  }

  #completes(line: string): boolean {
    const text = line.trimEnd()
    if (text.endsWith(this.#typed)) {
      const before = text.slice(0, text.length - this.#typed.length)
      if (before.trim() === '' || this.#isPrompt(before) || this.#isPrompt(before.trimEnd())) {
        return true
      }
    }
    const continued = this.#begun + line
    if (continued.trim() === this.#typed) return true
    if (this.#typed.startsWith(continued.trimStart())) this.#begun = continued
    return false
  }
}
