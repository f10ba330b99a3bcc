import { z } from 'zod'
import { ERROR_CODES } from './errors.ts'

const error = { code: z.enum(ERROR_CODES), message: z.string() }

/** How a client stands with its broker; the names are those of the states that it enters. */
export const lifecycleEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('connecting') }),
  z.object({ event: z.literal('ready'), generation: z.number().int() }),
  /** Nothing was heard of the broker for so long; `ready` follows when it is, `lost` when it is not. */
  z.object({ event: z.literal('suspect'), silentMs: z.number().nonnegative() }),
  z.object({ event: z.literal('lost'), ...error }),
  z.object({ event: z.literal('reconnecting') }),
  /** Devices are reached without a broker from now on; the warning says what that costs. */
  z.object({ event: z.literal('direct'), warning: z.string() }),
  /** Every call is refused from now on. */
  z.object({ event: z.literal('aborted'), ...error }),
  z.object({ event: z.literal('closed'), ...error }),
])

export type LifecycleEvent = z.infer<typeof lifecycleEventSchema>
