/** More than a prompt, its folder included, is long, in bytes. */
const MAX_PROMPT = 1_024

/** The line that the cursor is in: what came after the last line break. */
export class LastLine {
  #end: Buffer = Buffer.alloc(0)
  #length = 0

  /** In bytes, however long. */
  get length(): number {
    return this.#length
  }

  /** The end of the line as a byte string; all of it, unless it is too long for a prompt. */
  get end(): string {
    return this.#end.toString('latin1')
  }

  hear(bytes: Buffer): void {
    const lineBreak = bytes.lastIndexOf('\n')
    const piece = bytes.subarray(lineBreak + 1)
    const end = piece.subarray(-MAX_PROMPT)
    this.#end = lineBreak < 0 ? Buffer.concat([this.#end, end]).subarray(-MAX_PROMPT) : end
    this.#length = lineBreak < 0 ? this.#length + piece.length : piece.length
  }
}
