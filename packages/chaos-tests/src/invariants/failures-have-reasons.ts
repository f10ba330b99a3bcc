import type { CallRecord, Evidence } from '../schedules/evidence.ts'
import type { Invariant } from './invariant.ts'

export const failuresHaveReasons: Invariant = {
  name: 'failures-have-reasons',
  promise: 'who cannot connect, and what fails, does so because of something that befell the run',
  *violations(evidence) {
    const { calls, unconnected, schedule } = evidence
    for (const call of calls) {
      const { line, device, outcome } = call
      if (outcome.kind !== 'failed' || isOfWhatBefell(evidence, call)) continue
      yield `"${line}" on ${device} failed, and nothing had befallen the run to make it: ${outcome.code}: ${outcome.message}`
    }
    for (const { client, atMs, message } of unconnected) {
      // How long a start takes only a simulated machine tells.
      if (evidence.level === 'real' && hasBefallen(evidence, atMs, ENDS)) continue
      if (hasNoWay(evidence, atMs)) continue
      yield `client ${client} could not connect, and nothing had befallen the run to make it: ${message}`
    }
    for (const [number, callers] of schedule.clients.entries())
      for (const [at, planned] of callers.entries())
        yield* unasked(evidence, `${number + 1}.${at + 1}`, planned.length)
  },
}

/** A broker or the way to it ends, or a client. */
const ENDS = ['broker-', 'next-broker-', 'processes-', 'client-', 'socket-', 'disk-full']
/** Of a client or broker that was stopped, too, timers say that devices do not answer. */
const AT_DEVICES = ['device-', 'broker-out-of-descriptors', 'broker-stalled', 'client-process-']
/** Longer than what a caller has who is given too little time. */
const ENOUGH_MS = 600
/** What a client that is a process of its own is told, and tells, takes its time. */
const TOLD_MS = 500

/** Whether something had befallen the run, before the call failed, that such a failure may come of. */
export function isOfWhatBefell(evidence: Evidence, call: CallRecord): boolean {
  const { outcome, startedMs, tookMs, timeoutMs, key } = call
  if (outcome.kind !== 'failed') return true
  const atMs = startedMs + tookMs
  const befell = (names: readonly string[]): boolean => hasBefallen(evidence, atMs, names)
  switch (outcome.code) {
    case 'DEVICE_UNREACHABLE':
    case 'PROMPT_NOT_FOUND':
    case 'AUTHENTICATION_FAILED':
    case 'COMMAND_REJECTED':
    case 'COMMAND_TIMEOUT':
    case 'SESSION_LOST':
      return befell(AT_DEVICES)
    case 'HOST_KEY_CHANGED':
      return befell(['device-reloads'])
    case 'OUTCOME_UNKNOWN':
      return befell([...ENDS, ...AT_DEVICES])
    case 'BROKER_LOST':
    case 'BROKER_UNAVAILABLE':
      return hasNoWay(evidence, atMs)
    case 'BROKER_BUSY':
      return befell(ENDS)
    case 'PROTOCOL_VIOLATION':
      return befell(['client-wire-'])
    case 'STORE_UNAVAILABLE':
      return befell(['disk-full', 'broker-out-of-descriptors', 'socket-directory-removed'])
    case 'SHUTTING_DOWN':
    case 'CANCELLED':
      return evidence.closedAtMs <= atMs
    case 'INVALID_REQUEST':
      // Keys of one change are given to others, too.
      return key !== undefined
    case 'DEADLINE_EXCEEDED':
    case 'SESSION_LIMIT':
      // How much the machine does in this time only a simulated one tells.
      return timeoutMs < ENOUGH_MS || evidence.level === 'real' || befell([...ENDS, ...AT_DEVICES])
    case 'INTERNAL':
    case undefined:
      // No answer, and for others to say so.
      return true
    default:
      return false
  }
}

/** Whether by then there may have been neither a broker nor, by the policy, a way without one. */
function hasNoWay(evidence: Evidence, atMs: number): boolean {
  const { turns, closedAtMs, schedule } = evidence
  if (closedAtMs <= atMs) return true
  if (turns.some(({ event }) => event.event === 'aborted')) return true
  if (isSocketAway(evidence, atMs)) return true
  return schedule.policy === 'abort' && hasBefallen(evidence, atMs, ENDS)
}

/** A file that is away comes back with the next broker, and there may have been none in time. */
function isSocketAway({ injected, turns }: Evidence, atMs: number): boolean {
  const isBack = (sinceMs: number): boolean =>
    turns.some(
      (turn) =>
        turn.event.event === 'listening' && turn.atMs > sinceMs && turn.atMs <= atMs - TOLD_MS,
    )
  return injected.some(
    ({ name, fromMs }) => name.startsWith('socket-') && fromMs <= atMs + TOLD_MS && !isBack(fromMs),
  )
}

function hasBefallen({ injected }: Evidence, atMs: number, names: readonly string[]): boolean {
  return injected.some(
    ({ name, fromMs }) => fromMs <= atMs + TOLD_MS && names.some((start) => name.startsWith(start)),
  )
}

/** What a caller was to ask for and has not. */
function* unasked(evidence: Evidence, caller: string, planned: number): Generator<string> {
  const asked = evidence.calls.filter((call) => call.caller === caller).length
  if (asked === planned) return
  const [client] = caller.split('.')
  if (evidence.unconnected.some((one) => one.client === client)) return
  if (hasBefallen(evidence, Infinity, ENDS)) return
  yield `caller ${caller} was to make ${planned} calls, and made ${asked}`
}
