import type { Invariant } from './invariant.ts'

/** What a device or a host key may be the reason of is nobody's fault. */
const HUNG = ['SESSION_LIMIT', 'DEADLINE_EXCEEDED', 'COMMAND_TIMEOUT', 'INTERNAL', 'BROKER_BUSY']

export const recovers: Invariant = {
  name: 'recovers',
  promise: 'when all is over there is a way to each device again',
  *violations({ lastCalls, injected }) {
    // A client that closes while that is so keeps its slot until its process ends, and it is this one.
    const isUnwritten = injected.some(({ name }) => name === 'disk-full')
    for (const { device, outcome } of lastCalls) {
      if (outcome.kind !== 'failed' || !HUNG.includes(outcome.code ?? 'INTERNAL')) continue
      if (isUnwritten && outcome.code === 'SESSION_LIMIT' && outcome.message.endsWith('(direct)'))
        continue
      yield `${device} cannot be asked any more: ${outcome.message}`
    }
  },
}
