import { z } from 'zod'

/** What happens in a broker, as its subscribers see it. */
export const brokerEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('session-opened'), device: z.string(), openMs: z.number() }),
  z.object({
    event: z.literal('session-closed'),
    device: z.string(),
    /** `device`: the device or the network ended it; the others are the broker's own doing. */
    by: z.enum(['device', 'evicted', 'disconnected', 'timed-out', 'shutdown']),
  }),
  z.object({
    event: z.literal('login-failed'),
    device: z.string(),
    code: z.string(),
    message: z.string(),
    retryAfterMs: z.number(),
  }),
  z.object({ event: z.literal('draining') }),
  /** The subscriber read too slowly; this many events were left out just before this one. */
  z.object({ event: z.literal('missed'), count: z.number().int().positive() }),
])

export type BrokerEvent = z.infer<typeof brokerEventSchema>
