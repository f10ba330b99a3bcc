import { z } from 'zod'
import { bytes } from '../bytes.ts'
import { changeKey } from './change-key.ts'
import { deviceName } from './device-name.ts'

export const executeParams = z.object({
  device: deviceName,
  command: z.string().min(1),
  /** The caller's word that running it again does no harm; it may then be replayed. */
  idempotent: z.boolean().optional(),
  /**
   * Names one logical change, the same over every attempt: it is carried out at most once, and asking
   * again gives the recorded outcome. Of no effect for a read-only command.
   */
  key: changeKey.optional(),
  /** `false`: execute it now, whatever the cache holds. Default true. */
  cache: z.boolean().optional(),
})

export const executeResult = z.object({
  /** The device's bytes between the echo and the prompt, as they came. */
  output: bytes,
  /** True when the output was there already; false when it was executed while the call waited. */
  cached: z.boolean(),
})
