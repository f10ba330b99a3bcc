import type { ErrorCode } from '@nac-broker/protocol'

/** What scripts can rely on; the README has the table. */
export const EXIT = { ok: 0, failed: 1, usage: 2, brokerLost: 4, unreachable: 5 } as const

/** The code for a command that ended with this error before anything was started or connected. */
export function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case 'CONFIG_INVALID':
    case 'TESTBED_INVALID':
    case 'SOCKET_PATH_INVALID':
    case 'SOCKET_IN_USE':
    case 'STORE_UNAVAILABLE':
      return EXIT.usage
    default:
      return EXIT.failed
  }
}
