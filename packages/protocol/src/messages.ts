import { z } from 'zod'
import { bytes } from './bytes.ts'
import { wireErrorSchema } from './errors.ts'
import { brokerEventSchema, outagesSchema } from './events.ts'

/** The version of the MessagePack dialect that this code speaks. */
export const PROTOCOL_VERSION = 1

/** Outputs above this travel in chunks of this size: 1 MiB. */
export const CHUNK_BYTES = 1024 * 1024

const requestId = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)

const hello = z.object({
  type: z.literal('hello'),
  protocol: z.number().int().positive(),
  client: z.object({
    name: z.string().max(255),
    pid: z.number().int().nonnegative(),
    /** The same over all connections of one client, and nobody else's. */
    id: z.string().max(64).optional(),
    /** The worker of the run that it is part of. */
    worker: z.string().max(255).optional(),
    /** What it went through with earlier brokers; left out where that is nothing. */
    outages: outagesSchema.optional(),
  }),
})

const request = z.object({
  type: z.literal('request'),
  id: requestId,
  operation: z.string(),
  params: z.unknown(),
  /** Milliseconds from receipt in which the answer is of use. */
  remainingMs: z.number(),
  /**
   * The same moment on the host's monotonic clock, so that time spent in a buffer counts. Left out
   * by a peer that does not share that clock. The earlier of the two holds.
   */
  deadlineMs: z.number().optional(),
  /** From 2 on: it was sent before, to a broker that was lost. */
  attempt: z.number().int().positive().optional(),
})

const cancel = z.object({ type: z.literal('cancel'), id: requestId })

/** What a client sends. */
export const clientMessageSchema = z.discriminatedUnion('type', [hello, request, cancel])

const welcome = z.object({
  type: z.literal('welcome'),
  protocol: z.number().int().positive(),
  /** The broker's own version, for messages to people. */
  version: z.string(),
  pid: z.number().int().nonnegative(),
  /** Counts the brokers of one run, from 1. */
  generation: z.number().int().positive(),
  /** Path of the run's store; null where there is none. */
  store: z.string().nullable(),
  /** What to do when this broker is lost, unless the client was told otherwise. */
  crashPolicy: z.array(z.string()),
  /** How often to ask whether the broker is alive, and after how much silence it is not. */
  heartbeat: z.object({ intervalMs: z.number().positive(), timeoutMs: z.number().positive() }),
  /** SSH keepalive of its device sessions, for those who go there directly. */
  keepaliveIntervalMs: z.union([z.number().positive(), z.literal('off')]).optional(),
  limits: z.object({
    maxFrameBytes: z.number().int().positive(),
    chunkBytes: z.number().int().positive(),
    maxRequestsInFlight: z.number().int().positive(),
    /** Sessions on devices, which those who go there directly count against as well. */
    maxSessionsPerDevice: z.number().int().positive().optional(),
    maxConnections: z.number().int().positive().optional(),
  }),
})

/** Part of the output of request `id`; the parts come in order, the last one is in the response. */
const chunk = z.object({ type: z.literal('chunk'), id: requestId, data: bytes })

const response = z.object({
  type: z.literal('response'),
  id: requestId,
  result: z.unknown().optional(),
  /** Present exactly when the request failed. */
  error: wireErrorSchema.optional(),
})

const event = z.object({ type: z.literal('event'), event: brokerEventSchema })

/** The broker closes this connection after it, and says why. */
const goodbye = z.object({ type: z.literal('goodbye'), error: wireErrorSchema })

/** What a broker sends. */
export const brokerMessageSchema = z.discriminatedUnion('type', [
  welcome,
  chunk,
  response,
  event,
  goodbye,
])

export type Hello = z.infer<typeof hello>
export type Request = z.infer<typeof request>
export type ClientMessage = z.infer<typeof clientMessageSchema>
export type Welcome = z.infer<typeof welcome>
export type BrokerMessage = z.infer<typeof brokerMessageSchema>
