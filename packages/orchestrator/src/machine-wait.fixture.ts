import { readFileSync } from 'node:fs'

/**
 * For how long anybody on this machine could have run so far and had no processor, by Linux's own account (PSI); 0
 * where that is not kept.
 */
export function waitedOnMachineMs(): number {
  try {
    const [, us] = /^some .*total=(\d+)/m.exec(readFileSync('/proc/pressure/cpu', 'utf8')) ?? []
    return Number(us ?? 0) / 1_000
  } catch {
    return 0
  }
}
