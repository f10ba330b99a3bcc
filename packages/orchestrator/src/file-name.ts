import { createHash } from 'node:crypto'

/** Leaves room for an ending; a file's name may have 255 bytes. */
const MAX_CHARACTERS = 200

/** The name as a file's, without a folder in it; a different one for each name. */
export function fileNameOf(name: string): string {
  const encoded = encodeURIComponent(name.toWellFormed())
  if (encoded.length <= MAX_CHARACTERS && name.isWellFormed()) return encoded
  const hash = createHash('sha256').update(name, 'utf16le').digest('hex').slice(0, 16)
  return `${encoded.slice(0, MAX_CHARACTERS - hash.length - 1)}-${hash}`
}
