import { z } from 'zod'
import { deviceName } from './device-name.ts'

/** Closes the device's idle sessions; one that is at work is closed when its command is done. */
export const disconnectParams = z.object({ device: deviceName })
export const disconnectResult = z.object({ disconnected: z.literal(true) })
