import { z } from 'zod'

/** From the response on, this connection is sent events; asking twice changes nothing. */
export const subscribeParams = z.object({
  /** The client was subscribed to a broker that it lost: what this one has told before is told as `missed`. */
  again: z.boolean().optional(),
})
export const subscribeResult = z.object({ subscribed: z.literal(true) })
