import { z } from 'zod'

const json = z.json()

export type Json = z.infer<typeof json>

/** A worker's name in the run. */
const worker = z.string().min(1).max(255)

/** Replaces how far the worker has come; any JSON value, at most 1 MiB of it. */
export const checkpointParams = z.object({ worker, value: json })
export const checkpointResult = z.object({ recorded: z.literal(true) })

/** What the worker has last said, in whatever attempt; absent where it has said nothing. */
export const lastCheckpointParams = z.object({ worker })
export const lastCheckpointResult = z.object({ value: json.optional() })
