import type { Secrets } from './secrets.ts'

/** Why a session ended: the device or the network did it, or we did. */
export type SessionEnd = { by: 'device'; error: Error } | { by: 'us' }

export interface RunOptions {
  /** How long the device may take, in milliseconds; then the session is destroyed. */
  timeoutMs: number
  /** Aborting destroys the session: nobody knows what the device still does. */
  signal?: AbortSignal | undefined
}

/**
 * One CLI session, logged in, at the `work` prompt, paging off. One command at a time: starting a
 * second while one runs throws.
 */
export interface Session {
  readonly device: string
  /** The device's passwords: an output with one in it is for its caller alone. No error has one in it. */
  readonly secrets: Secrets
  /** False once the session is over or being ended: nothing can be run on it any more. */
  readonly isOpen: boolean
  /**
   * The device's bytes between the echo of the command and the next prompt, without the line break
   * before the prompt.
   * @throws {BrokerError} `COMMAND_REJECTED` with the device's words (the session stays usable);
   * `COMMAND_TIMEOUT`, `CANCELLED`, `SESSION_LOST` (the session is gone); `INVALID_COMMAND` for CR,
   * LF, NUL and other control characters, before anything is sent.
   */
  execute(command: string, options: RunOptions): Promise<Buffer>
  /**
   * Enters configuration mode, sends the lines one by one, leaves it. Returns what the device printed
   * in answer to them.
   * @throws as `execute`; the line that was rejected is named, configuration mode is left, and the
   * lines before it stand.
   */
  configure(lines: readonly string[], options: RunOptions): Promise<Buffer>
  /** Settles, never rejecting, when the session is over and the device has let go of it. */
  readonly ended: Promise<SessionEnd>
  /** Logs out; resolves when the device has let go. Idempotent. */
  close(): Promise<void>
  /** Drops the session at once. Idempotent. */
  destroy(): void
}
