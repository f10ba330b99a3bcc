import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { BrokerError } from '@nac-broker/protocol'

/** Where in which file something stands; `file` is written as the user wrote it. */
export interface Place {
  file: string
  line: number
}

export function placeText({ file, line }: Place): string {
  return `${file}:${line}`
}

/** The one error of a testbed: where, what, and what to do if that is not obvious. */
export function invalid(place: Place, what: string, device?: string): BrokerError {
  return new BrokerError('TESTBED_INVALID', `${placeText(place)}: ${what}`, { device })
}

/** A path as the file at `place` means it: beside that file, or in the home directory after `~/`. */
export function pathFrom(place: Place, path: string): string {
  if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1))
  return isAbsolute(path) ? path : join(dirname(place.file), path)
}
