import { frr } from './frr.ts'
import { iosxe } from './iosxe.ts'
import { linux } from './linux.ts'
import { nxos } from './nxos.ts'
import type { Platform } from './platform.ts'

const PLATFORMS: readonly Platform[] = [iosxe, nxos, frr, linux]

/** Every `os` that a testbed may name, aliases included. */
export const SUPPORTED_OS: readonly string[] = PLATFORMS.flatMap((platform) => platform.os)

export function findPlatform(os: string): Platform | undefined {
  return PLATFORMS.find((platform) => platform.os.includes(os))
}
