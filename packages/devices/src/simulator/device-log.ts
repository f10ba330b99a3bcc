import { closeSync, openSync, writeSync } from 'node:fs'
import { unwritable } from './unwritable.ts'

export type LogoutReason = 'exit' | 'client closed' | 'dropped' | 'stopped'

export type DeviceLogEvent =
  | { event: 'login' }
  | { event: 'refused'; reason: string }
  /** A line arrived and is being executed. Passwords typed at a prompt for one are no commands. */
  | { event: 'command'; line: string }
  /**
   * The answer was sent. The hash is of the bytes between the line break of the echo and the prompt,
   * without the line break before the prompt. It is in the log before the client can see the prompt.
   */
  | { event: 'output'; line: string; bytes: number; sha256: string }
  | { event: 'logout'; reason: LogoutReason }

/** `session` is unique per device. */
export type DeviceLogEntry = { at: string; device: string; session: number } & DeviceLogEvent

export interface DeviceLog {
  write(entry: DeviceLogEntry): void
  close(): void
}

/**
 * A file is appended to, one line an entry. Each line is written whole, and before the device goes on,
 * so that it survives whatever then happens to the process. A witness that cannot write must not go
 * on: `write` then throws.
 * @throws {BrokerError} `CONFIG_INVALID`
 */
export function openDeviceLog(
  target: string | ((entry: DeviceLogEntry) => void) | undefined,
): DeviceLog {
  if (target === undefined) return { write() {}, close() {} }
  if (typeof target === 'function') return { write: target, close() {} }
  const file = openToAppend(target)
  return {
    write(entry) {
      const line = Buffer.from(`${JSON.stringify(entry)}\n`)
      const written = writeSync(file, line)
      if (written < line.length) throw new Error(`device log ${target}: the disk is full`)
    },
    close: () => closeSync(file),
  }
}

function openToAppend(file: string): number {
  try {
    return openSync(file, 'a')
  } catch (error) {
    throw unwritable('device log', file, error)
  }
}
