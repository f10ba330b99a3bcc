import { once } from 'node:events'
import type { Duplex } from 'node:stream'

/** Unsent text that is worth a packet of its own. */
const FLUSH_AT = 64 * 1024

/** The device's end of what carries a shell. */
export interface ShellChannel extends Duplex {
  /** Tells the client how the shell ended. */
  exit(code: number): void
}

/**
 * The device's end of a shell: keys in, text out. Texts are byte strings, one character a byte, so
 * that what a client typed is echoed as it came.
 */
export class Terminal {
  /** Aborted when the session is over: nothing is read or sent any more. */
  readonly over: AbortSignal
  readonly #channel: ShellChannel
  #typed = ''
  #next = 0
  #lastKey = ''
  #inputEnded = false
  #unsent = ''
  #wake = (): void => {}

  constructor(channel: ShellChannel, over: AbortSignal) {
    this.#channel = channel
    this.over = over
    channel.on('data', (bytes: Buffer) => {
      this.#typed = this.#typed.slice(this.#next) + bytes.toString('latin1')
      this.#next = 0
      this.#wake()
    })
    channel.on('end', () => {
      this.#inputEnded = true
      this.#wake()
    })
    over.addEventListener('abort', () => this.#wake(), { once: true })
  }

  /**
   * The next key, whenever it was typed; undefined when there will be none. A line break is `\r`,
   * whether it came as CR, LF, CR LF or CR NUL.
   */
  async readKey(): Promise<string | undefined> {
    for (;;) {
      if (this.over.aborted) return undefined
      const key = this.#typed[this.#next]
      if (key === undefined) {
        if (this.#inputEnded) return undefined
        this.#send()
        await new Promise<void>((resolve) => (this.#wake = resolve))
        continue
      }
      this.#next++
      const secondHalf = this.#lastKey === '\r' && (key === '\n' || key === '\0')
      this.#lastKey = key
      if (!secondHalf) return key === '\n' ? '\r' : key
    }
  }

  /** Sent when a key is waited for, on `flush`, or when there is much of it. */
  print(text: string): void {
    this.#unsent += text
  }

  /** Sends what was printed; resolves once the client has room for more, or is gone. */
  async flush(): Promise<void> {
    if (this.#send()) return
    await once(this.#channel, 'drain', { signal: this.over }).catch(() => {})
  }

  async flushIfMuch(): Promise<void> {
    if (this.#unsent.length >= FLUSH_AT) await this.flush()
  }

  /** Sends what was printed and hangs up in good order, though the session be over. */
  hangUp(): void {
    this.#channel.write(this.#unsent, 'latin1')
    this.#channel.exit(0)
    this.#channel.end()
  }

  /** Whether the client has room for more. */
  #send(): boolean {
    const text = this.#unsent
    this.#unsent = ''
    return text === '' || this.over.aborted || this.#channel.write(text, 'latin1')
  }
}
