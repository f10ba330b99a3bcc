import { z } from 'zod'
import { deviceName } from './device-name.ts'

/** Opens a session in the pool, if the device has none, so that the first command need not wait. */
export const connectParams = z.object({ device: deviceName })
export const connectResult = z.object({ connected: z.literal(true) })
