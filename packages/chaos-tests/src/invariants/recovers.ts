import type { CallRecord, Evidence } from '../schedules/evidence.ts'
import { isSocketThere } from '../schedules/socket-there.ts'
import { isOfWhatBefell } from './failures-have-reasons.ts'
import type { Invariant } from './invariant.ts'

export const recovers: Invariant = {
  name: 'recovers',
  promise: 'when all is over there is a way to each device again',
  *violations(evidence) {
    const { lastCalls, schedule } = evidence
    if (!isThereAWay(evidence)) return
    for (let at = 1; at <= schedule.devices; at++) {
      const device = `sim-${at}`
      const last = lastCalls.findLast((call) => call.device === device)
      if (!last) yield `${device} cannot be asked any more: ${whyNot(evidence)}`
      else if (last.outcome.kind === 'pending') yield `${device} cannot be asked any more: it hangs`
      else if (last.outcome.kind === 'failed' && !isExcused(evidence, last))
        yield `${device} cannot be asked any more: ${last.outcome.message}`
    }
  },
}

/** Not where the policy has ended in none, or the broker was closed; without the socket's file nobody comes in. */
function isThereAWay(evidence: Evidence): boolean {
  const { turns, injected, schedule } = evidence
  if (!isSocketThere(evidence)) return false
  if (turns.some(({ event }) => event.event === 'aborted')) return false
  // The event may be still to come when the broker is closed.
  const endsAtOnce = schedule.policy === 'abort' && injected.some(({ name }) => ENDS.test(name))
  return !endsAtOnce && !injected.some(({ name }) => name === 'broker-killed-closing')
}

const ENDS =
  /^(broker-|next-broker-|processes-|client-process-killed-direct|disk-full|socket-stale)/

function whyNot({ unconnected }: Evidence): string {
  return unconnected.find(({ client }) => client === 'last')?.message ?? 'nobody has tried'
}

function isExcused(evidence: Evidence, call: CallRecord): boolean {
  const { outcome, device } = call
  const { injected, schedule } = evidence
  if (outcome.kind !== 'failed') return true
  switch (outcome.code) {
    case 'HOST_KEY_CHANGED':
      return injected.some(({ name, args }) => {
        if (name !== 'device-reloads') return false
        const reloaded = args as { device: number; newKey: boolean }
        return reloaded.newKey && device === `sim-${(reloaded.device % schedule.devices) + 1}`
      })
    case 'SESSION_LIMIT':
      // A client that closes while that is so keeps its slot until its process ends, and it is this one.
      return (
        outcome.message.endsWith('(direct)') && injected.some(({ name }) => name === 'disk-full')
      )
    default:
      // After many logins that failed it takes a minute until the next one is tried.
      return (
        outcome.message.includes('(not tried again for another') && isOfWhatBefell(evidence, call)
      )
  }
}
