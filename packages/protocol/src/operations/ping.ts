import { z } from 'zod'

/** Answered by the broker's main loop at once, whatever the devices do. */
export const pingParams = z.object({})
export const pingResult = z.object({ pong: z.literal(true) })
