/**
 * - `STORE_UNAVAILABLE`: the file cannot be used (now, or at all). Nothing was written.
 * - `KEY_TAKEN`: the change was sent, settled or made void before; ask for its outcome.
 * - `KEY_REUSED`: the key belongs to a change of another device or with other lines.
 * - `GENERATION_ENDED`: the caller's generation is not the live one; it must stop.
 * - `GENERATION_LIVE`: another generation is live; it has to end first.
 */
export type RunStoreErrorCode =
  | 'STORE_UNAVAILABLE'
  | 'KEY_TAKEN'
  | 'KEY_REUSED'
  | 'GENERATION_ENDED'
  | 'GENERATION_LIVE'

/** Match the code, never the message. Whatever it refuses was not sent to a device. */
export class RunStoreError extends Error {
  override readonly name = 'RunStoreError'
  readonly code: RunStoreErrorCode

  constructor(code: RunStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** `why` says what is wrong and what to do about it. */
export function storeUnavailable(path: string, why: string, cause?: unknown): RunStoreError {
  const options = cause === undefined ? undefined : { cause }
  return new RunStoreError('STORE_UNAVAILABLE', `run store ${path}: ${why}`, options)
}
