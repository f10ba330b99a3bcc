import { readFileSync } from 'node:fs'

/**
 * For how long this process's main thread could have run so far and had no processor, by Linux's own account; 0
 * elsewhere. Who blocks the loop by its own work has one.
 */
export function waitedForProcessorMs(): number {
  try {
    const [, waitedNs] = readFileSync('/proc/self/schedstat', 'utf8').split(' ')
    return Number(waitedNs) / 1e6
  } catch {
    return 0
  }
}
