import { z } from 'zod'
import { bytes } from '../bytes.ts'
import { deviceName } from './device-name.ts'

export const configureParams = z.object({
  device: deviceName,
  /** Configuration lines, entered one after the other in configuration mode; never empty. */
  lines: z.array(z.string().min(1)).min(1).max(100_000),
})

export const configureResult = z.object({
  /** What the device printed in answer to the lines, usually nothing. */
  output: bytes,
})
