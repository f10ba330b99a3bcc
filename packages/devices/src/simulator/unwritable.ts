import path from 'node:path'
import { BrokerError } from '@nac-broker/protocol'

/** A file that was to be written and cannot be: which, why, and what to do. */
export function unwritable(what: string, file: string, error: unknown): BrokerError {
  const message = `${what} ${file} cannot be written: ${why(file, error)}; choose another file`
  return new BrokerError('CONFIG_INVALID', message, { cause: error })
}

function why(file: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ENOENT':
      return `there is no directory ${path.dirname(path.resolve(file))}`
    case 'EISDIR':
      return 'it is a directory'
    case 'EACCES':
      return 'permission denied'
    default:
      return code ?? message
  }
}
