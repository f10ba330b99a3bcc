import { createHash } from 'node:crypto'
import { NOT_TEXT } from '../../../devices/src/simulator/quirk.ts'

const BYTES = Buffer.from(NOT_TEXT, 'latin1')
/** As a caller gets them. */
const TEXT = BYTES.toString()

/** Of the bytes that a device must have sent for a caller to get this output; as in its log. */
export function hashOfAnswer(output: string): string {
  const hash = createHash('sha256')
  const isText = !output.startsWith(TEXT)
  if (!isText) hash.update(BYTES)
  return hash.update(isText ? output : output.slice(TEXT.length)).digest('hex')
}
