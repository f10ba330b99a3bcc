import { createHash } from 'node:crypto'
import type { Terminal } from './terminal.ts'

const MORE = ' --More-- '
const ERASE_MORE = '\b'.repeat(9) + ' '.repeat(8) + '\b'.repeat(9)

/** Text that is hashed and handed on at once. */
const CHUNK = 64 * 1024

/** What was sent: the bytes without the line break before the next prompt. */
export interface Sent {
  bytes: number
  sha256: string
}

/**
 * Sends an answer no faster than the client takes it, asking for a key after every `pageLength` lines.
 * It stops where the client went away.
 */
export async function sendAnswer(
  terminal: Terminal,
  lines: Iterable<string>,
  pageLength: number | 'off',
): Promise<Sent> {
  const hash = createHash('sha256')
  let bytes = 0
  let chunk = ''
  const handOn = async (): Promise<void> => {
    hash.update(chunk, 'latin1')
    bytes += chunk.length
    terminal.print(chunk)
    chunk = ''
    await terminal.flushIfMuch()
  }
  let shown = 0
  let lineBreak = ''
  for (const line of lines) {
    if (shown === pageLength) {
      chunk += lineBreak + MORE
      await handOn()
      const key = await terminal.readKey()
      chunk += ERASE_MORE
      lineBreak = ''
      if (key === ' ') shown = 0
      else if (key === '\r') shown--
      else break
    }
    chunk += lineBreak + line
    lineBreak = '\r\n'
    shown++
    if (chunk.length >= CHUNK) await handOn()
    if (terminal.over.aborted) break
  }
  await handOn()
  terminal.print(lineBreak)
  return { bytes, sha256: hash.digest('hex') }
}
