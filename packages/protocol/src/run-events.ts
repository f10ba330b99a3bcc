import { z } from 'zod'

const attempt = z.number().int().positive()

/** What a run does with its workers, as it is told to who watches. */
const workerEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('worker-started'), worker: z.string(), attempt }),
  /** An attempt failed; `attempt` is the one to come. */
  z.object({
    event: z.literal('worker-retrying'),
    worker: z.string(),
    attempt,
    delayMs: z.number().nonnegative(),
    reason: z.string(),
  }),
  z.object({
    event: z.literal('worker-ended'),
    worker: z.string(),
    status: z.enum(['passed', 'failed', 'cancelled', 'never-started', 'failed-to-stop']),
    /** Of one that has not passed. */
    reason: z.string().exactOptional(),
    /** Of one that was started. */
    durationMs: z.number().nonnegative().exactOptional(),
  }),
])

/** The same, and how the run ended. */
export const runEventSchema = z.discriminatedUnion('event', [
  ...workerEventSchema.options,
  z.object({
    event: z.literal('run-finished'),
    status: z.enum(['COMPLETE', 'PARTIAL', 'FAILED', 'ABORTED']),
    exitCode: z.number().int().nonnegative(),
    /** Of one that is not complete. */
    reason: z.string().exactOptional(),
  }),
])

export type WorkerEvent = z.infer<typeof workerEventSchema>
export type RunEndEvent = Exclude<z.infer<typeof runEventSchema>, WorkerEvent>
