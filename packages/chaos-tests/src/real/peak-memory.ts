import { readFileSync, writeFileSync } from 'node:fs'

/** The most memory that a process has had, in bytes; 0 for one that there is no more. */
export function peakBytesOf(pid: number): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kibibytes ?? 0) * 1024
  } catch {
    return 0
  }
}

/** From now on the most is counted anew, for this process. */
export function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5')
}
