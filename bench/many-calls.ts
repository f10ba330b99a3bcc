import { systemClock } from '@nac-broker/supervisor'
import type { Subject } from './compare.ts'

/** Makes so many calls, so many of them at a time; returns how long that took, in milliseconds. */
export async function manyCalls(
  { once }: Pick<Subject, 'once'>,
  { calls, inFlight }: { calls: number; inFlight: number },
): Promise<number> {
  const checks: (() => void)[] = []
  let left = calls
  const oneAfterTheOther = async (): Promise<void> => {
    while (left-- > 0) checks.push(await once())
  }
  const startedMs = systemClock.now()
  await Promise.all(Array.from({ length: inFlight }, oneAfterTheOther))
  const tookMs = systemClock.now() - startedMs
  for (const check of checks) check()
  return tookMs
}
