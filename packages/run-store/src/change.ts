import { createHash } from 'node:crypto'

/** One logical change of a device, to be carried out at most once. */
export interface Change {
  /** The caller's name for it, the same over every attempt and resume. */
  readonly key: string
  readonly device: string
  /** Tells one change from another that came with the same key by mistake; see `fingerprintOf`. */
  readonly fingerprint: string
}

/** Of what is sent; the lines themselves, which may hold secrets, stay out of the store. */
export function fingerprintOf(
  operation: 'execute' | 'configure',
  lines: readonly string[],
): string {
  return createHash('sha256')
    .update(JSON.stringify([operation, ...lines]))
    .digest('base64url')
}
