import { z } from 'zod'
import { asBrokerError } from './errors.ts'
import { runEventSchema } from './run-events.ts'

const count = z.number().int().nonnegative()

/** What a client went through with the run's brokers, all of it together. */
export const outagesSchema = z.object({
  /** How often it lost its broker. */
  disconnects: count,
  /** For how long it had none. */
  downtimeMs: z.number().nonnegative(),
  /** Signs of life that it asked for and did not get in time. */
  heartbeatsMissed: count,
})

/** A client's connection to a broker. */
const connectedClient = {
  /** Counts the connections of this broker. */
  client: count,
  /** The client's own: the same over all its connections. */
  id: z.string().optional(),
  worker: z.string().optional(),
  pid: count.optional(),
}

/**
 * One request for a device, when it has ended. It has no output and no configuration line: what is secret
 * may be in these. Of a device's own words there is the line with which it refused something, in `message`.
 */
const commandEventSchema = z.object({
  event: z.literal('command'),
  device: z.string(),
  /** Who asked: the connection's number in its broker; absent for a client without one. */
  client: count.optional(),
  worker: z.string().optional(),
  /** `direct`: the client went to the device itself. */
  via: z.enum(['broker', 'direct']),
  what: z.enum(['execute', 'configure', 'connect']),
  /** Of `execute`: what `commandForEvent` makes of it. */
  command: z.string().optional(),
  /** Of `configure`: how many there are. */
  lines: count.optional(),
  ms: z.number().nonnegative(),
  /** `shared`: from the execution for another client. `record`: a change that was made before. */
  from: z.enum(['device', 'cache', 'shared', 'record']),
  /** How often it was sent, to brokers of the run and again to the device. */
  attempts: count,
  /** Of the error, where it failed. */
  code: z.string().optional(),
  /** With `code`: what `failureForEvent` makes of the error's. */
  message: z.string().optional(),
})

/** The steps of a login in their order; of one that failed, the last is where it failed. */
const loginSteps = z.array(z.object({ step: z.string(), ms: z.number().nonnegative() })).optional()

/**
 * A change in how one of the things that a run depends on fares; never a clean stop as a failure. What is
 * `unit` is unique: "device r1", "session r1#2", "worker bgp", "broker", "watch lab".
 */
const unitEventSchema = z.object({
  event: z.literal('unit'),
  unit: z.string(),
  kind: z.enum(['device', 'session', 'worker', 'broker', 'watch']),
  state: z.enum(['starting', 'ready', 'busy', 'idle', 'stopping', 'stopped', 'failed']),
  /** Of one that failed: one line for people. */
  cause: z.string().optional(),
  /** So many changes of this unit just before were not told, because they came too fast. */
  folded: z.number().int().positive().optional(),
})

/** What the failure policy decided when a worker had failed; a crash policy's decisions are the broker's turns. */
const policyDecisionSchema = z.object({
  event: z.literal('policy-decision'),
  policy: z.string(),
  /** `go-on`: with the other workers, without another attempt for this one. */
  decision: z.enum(['retry', 'go-on', 'stop']),
  worker: z.string(),
  reason: z.string(),
})

/** What happens in a broker, and what it is told of the run, as its subscribers see it. */
export const brokerEventSchema = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('session-opened'),
    device: z.string(),
    openMs: z.number(),
    steps: loginSteps,
  }),
  z.object({
    event: z.literal('session-closed'),
    device: z.string(),
    /** `device`: the device or the network ended it; the others are the broker's own doing. */
    by: z.enum(['device', 'evicted', 'disconnected', 'timed-out', 'shutdown']),
    /** By the device: what happened. */
    message: z.string().optional(),
  }),
  z.object({
    event: z.literal('login-failed'),
    device: z.string(),
    code: z.string(),
    message: z.string(),
    retryAfterMs: z.number(),
    steps: loginSteps,
  }),
  z.object({
    event: z.literal('client-joined'),
    ...connectedClient,
    /** What it went through with earlier brokers; absent where that is nothing. */
    outages: outagesSchema.optional(),
  }),
  z.object({
    event: z.literal('client-left'),
    ...connectedClient,
    /** `closed`: it ended the connection, or died; `violation`: it was sent away. */
    how: z.enum(['closed', 'violation', 'shutdown']),
  }),
  commandEventSchema,
  /** Workers that have waited for an answer for a second or longer; told again each second. */
  z.object({ event: z.literal('waiting'), workers: z.array(z.string()) }),
  /** How far the worker has come is not in it: it may be large, and is the worker's own. */
  z.object({ event: z.literal('checkpoint'), worker: z.string() }),
  unitEventSchema,
  policyDecisionSchema,
  z.object({ event: z.literal('draining') }),
  /** The subscriber read too slowly, or has just come back; this many events were left out just before this one. */
  z.object({ event: z.literal('missed'), count: z.number().int().positive() }),
])

const generation = z.number().int().positive()

/** What happens to the run's broker, told by who keeps it running. */
const generationEventSchema = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('listening'),
    generation,
    /** Of the process that owns the socket. */
    pid: count,
    socket: z.string(),
  }),
  z.object({ event: z.literal('broker-lost'), generation, message: z.string() }),
  /** `generation` is the one to come. */
  z.object({ event: z.literal('restarting'), generation, delayMs: z.number().nonnegative() }),
  /** No broker any more: clients that fall back go to the devices directly. */
  z.object({ event: z.literal('fallback'), generation }),
  /** No broker any more, and nothing in its place. */
  z.object({ event: z.literal('aborted'), generation, message: z.string() }),
])

/**
 * What a client without a broker writes into the run's store: nobody else can tell. Its own sessions are
 * told as a broker's are.
 */
export const directEventSchema = z.discriminatedUnion('event', [
  ...brokerEventSchema.options,
  z.object({
    event: z.literal('client-direct'),
    id: z.string(),
    worker: z.string().optional(),
    pid: count,
    outages: outagesSchema.optional(),
  }),
])

/** Everything that happens in a run and to its broker; how a client stands is its own: `lifecycleEventSchema`. */
export const eventSchema = z.discriminatedUnion('event', [
  ...directEventSchema.options,
  ...generationEventSchema.options,
  ...runEventSchema.options,
])

export type UnitChange = z.infer<typeof unitEventSchema>
export type PolicyDecision = z.infer<typeof policyDecisionSchema>
/** What a broker is told of its run, for its subscribers. */
export type ToldEvent = UnitChange | PolicyDecision
export type GenerationEvent = z.infer<typeof generationEventSchema>
export type DirectEvent = z.infer<typeof directEventSchema>
export type BrokerEvent = z.infer<typeof brokerEventSchema>
export type CommandEvent = z.infer<typeof commandEventSchema>
export type Outages = z.infer<typeof outagesSchema>

/** Longer texts are cut off in events. */
const MAX_CHARACTERS = 500

/** A command line as events show it; what must not be seen in one was taken out before. */
export function commandForEvent(command: string): string {
  return shortened(command)
}

/** A failure as events show it, its message in one line; `scrub` takes out what must not be seen in that. */
export function failureForEvent(
  error: unknown,
  scrub: (text: string) => string,
): { code: string; message: string } {
  const { code, message } = asBrokerError(error)
  return { code, message: shortened(scrub(message).replaceAll(/\p{Cc}+/gu, ' ')) }
}

function shortened(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS - 1)}…`
}
