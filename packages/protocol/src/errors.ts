import { z } from 'zod'

/**
 * Every failure has one of these codes; match the code, never the message.
 * `docs/protocol.md` says what each one means and what a caller does about it.
 */
export const ERROR_CODES = [
  // The request itself.
  'INVALID_REQUEST',
  'INVALID_COMMAND',
  'UNKNOWN_DEVICE',
  // What the user configured.
  'CONFIG_INVALID',
  'TESTBED_INVALID',
  'CREDENTIALS_MISSING',
  // Getting a session on the device.
  'DEVICE_UNREACHABLE',
  'HOST_KEY_UNKNOWN',
  'HOST_KEY_CHANGED',
  'AUTHENTICATION_FAILED',
  'PROMPT_NOT_FOUND',
  'SESSION_LIMIT',
  // Running something on the device.
  'COMMAND_REJECTED',
  'COMMAND_TIMEOUT',
  'SESSION_LOST',
  'OUTCOME_UNKNOWN',
  // The call as such.
  'DEADLINE_EXCEEDED',
  'CANCELLED',
  'SHUTTING_DOWN',
  'BROKER_BUSY',
  // The broker and the way to it.
  'BROKER_UNAVAILABLE',
  'BROKER_LOST',
  'PROTOCOL_VIOLATION',
  'SOCKET_IN_USE',
  'SOCKET_PATH_INVALID',
  'STORE_UNAVAILABLE',
  'INTERNAL',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/**
 * Whether the bytes of the command left for the device: `no` means it was certainly not executed,
 * `yes` that it was sent (and perhaps executed), `unknown` that nobody left alive can tell.
 */
export type Sent = 'no' | 'yes' | 'unknown'

export const wireErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  sent: z.enum(['no', 'yes', 'unknown']),
  device: z.string().optional(),
  retryAfterMs: z.number().nonnegative().optional(),
})

/** The serialised form: what travels in a response and what `--json` prints. */
export type WireError = z.infer<typeof wireErrorSchema>

export interface BrokerErrorOptions {
  /** Default `no`: most errors are found before anything is sent. */
  sent?: Sent | undefined
  device?: string | undefined
  /** How long the same request would go on failing without being tried, in milliseconds. */
  retryAfterMs?: number | undefined
  cause?: unknown
}

/** The one error class of every nac-broker package. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  readonly code: ErrorCode
  readonly sent: Sent
  readonly device: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: BrokerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.sent = options.sent ?? 'no'
    this.device = options.device
    this.retryAfterMs = options.retryAfterMs
  }

  /** The serialised form; the cause stays behind, its story is in the message. */
  toJSON(): WireError {
    return {
      code: this.code,
      message: this.message,
      sent: this.sent,
      ...(this.device !== undefined && { device: this.device }),
      ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }),
    }
  }

  /** A code that this version does not know (a newer broker's) becomes `INTERNAL`. */
  static fromWire(wire: WireError): BrokerError {
    const code = ERROR_CODES.find((known) => known === wire.code)
    const message = code === undefined ? `${wire.code}: ${wire.message}` : wire.message
    return new BrokerError(code ?? 'INTERNAL', message, wire)
  }
}

/** `error` itself when it is ours; anything else becomes `INTERNAL`, keeping its message and cause. */
export function asBrokerError(error: unknown, options: BrokerErrorOptions = {}): BrokerError {
  if (error instanceof BrokerError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new BrokerError('INTERNAL', message, { ...options, cause: error })
}
