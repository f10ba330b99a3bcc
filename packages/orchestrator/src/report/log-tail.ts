import { open } from 'node:fs/promises'
import { stripVTControlCharacters } from 'node:util'

const MAX_BYTES = 4_096
const MAX_LINES = 40

/** The last lines of a log, without what colours a terminal. Nothing of a file that cannot be read. */
export async function logTail(path: string): Promise<string> {
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    const from = Math.max(0, size - MAX_BYTES)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from)
    const lines = buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n')
    // The first of several may lack its beginning.
    const whole = from > 0 && lines.length > 1 ? lines.slice(1) : lines
    return stripVTControlCharacters(whole.slice(-MAX_LINES).join('\n'))
  } catch {
    return ''
  }
}
