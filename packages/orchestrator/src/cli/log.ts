import { Writable } from 'node:stream'
import { type DestinationStream, type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'
import { printToStderr } from './output.ts'
import type { LogLevel } from './subcommand.ts'

/** Wherever a secret could stand in something that is logged. */
const SECRETS = ['password', 'passphrase', 'secret', 'token', 'credentials', 'env']

/**
 * Logs go to stderr: JSON lines, or what people can read on a terminal. `toTerminal` prints that in place
 * of `printToStderr`, where something else is shown there.
 */
export function createLog(level: LogLevel, toTerminal = printToStderr): Logger {
  const redact = { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' }
  const destination = process.stderr.isTTY ? pretty(toTerminal) : jsonLines()
  return pino({ name: 'nac-broker', level, redact }, destination)
}

function pretty(print: (text: string) => void): DestinationStream {
  const destination = new Writable({
    write(text, _encoding, done) {
      print(String(text))
      done()
    },
  })
  return PinoPretty({ destination, colorize: process.stderr.hasColors(), ignore: 'pid,hostname' })
}

function jsonLines(): DestinationStream {
  const destination = pino.destination({ fd: 2, sync: true })
  // A stderr that is closed leaves nowhere to say so.
  destination.on('error', () => {})
  return destination
}
