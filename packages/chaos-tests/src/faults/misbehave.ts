import type { Quirk } from '@nac-broker/devices'
import type { World } from '../real/world.ts'

/** What shows at a login needs somebody to log in. */
const AT_LOGIN: readonly Quirk['kind'][] = ['no echo', 'noise at login', 'lines taken']

/** A device misbehaves for a while. One that does already goes on as it does. */
export async function misbehave(
  { devices, pause }: World,
  { device, quirk, forMs }: { device: number; quirk: Quirk; forMs: number },
  over: AbortSignal,
): Promise<void> {
  const one = devices[device % devices.length]
  if (!one || one.quirk) return
  one.quirk = quirk
  if (AT_LOGIN.includes(quirk.kind)) one.dropSessions()
  await pause(forMs, over)
  one.quirk = undefined
}
