import { type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

import type { LogLevel } from './subcommand.ts'

/** Wherever a secret could stand in something that is logged. */
const SECRETS = ['password', 'passphrase', 'secret', 'token', 'credentials', 'env']

/** Logs go to stderr: for people on a terminal, else JSON lines. */
export function createLog(level: LogLevel): Logger {
  const redact = { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' }
  const destination = process.stderr.isTTY
    ? PinoPretty({ destination: 2, sync: true, colorize: true, ignore: 'pid,hostname' })
    : pino.destination({ fd: 2, sync: true })
  // A stderr that is closed leaves nowhere to say so.
  destination.on('error', () => {})
  return pino({ name: 'nac-broker', level, redact }, destination)
}
