import type { Device } from './testbed/testbed.ts'

/** What a caller whose deadline passes during a login has waited for, to follow "while". */
export function loginUnderWay(device: Device): string {
  return `a login to "${device.name}" was under way${terminalHint(device)}`
}

/** Why a program that works by hand may say nothing here; empty where that cannot be it. */
export function terminalHint({ connection }: Device): string {
  if (connection.protocol !== 'command') return ''
  return (
    '; a command gets no terminal, so its program may hold its output back: ' +
    "try stdbuf -oL PROGRAM, or script -qc 'PROGRAM' /dev/null"
  )
}
