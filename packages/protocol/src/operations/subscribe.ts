import { z } from 'zod'

/** From the response on, this connection is sent events; asking twice changes nothing. */
export const subscribeParams = z.object({})
export const subscribeResult = z.object({ subscribed: z.literal(true) })
