import { z } from 'zod'
import { bytes } from '../bytes.ts'
import { changeKey } from './change-key.ts'
import { deviceName } from './device-name.ts'

export const configureParams = z.object({
  device: deviceName,
  /** Configuration lines, entered one after the other in configuration mode; never empty. */
  lines: z.array(z.string().min(1)).min(1).max(100_000),
  /**
   * Names one logical change, the same over every attempt: it is carried out at most once, and asking
   * again gives the recorded outcome.
   */
  key: changeKey.optional(),
})

export const configureResult = z.object({
  /** What the device printed in answer to the lines, usually nothing. */
  output: bytes,
})
