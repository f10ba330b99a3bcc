import { isChange } from '../schedules/schedule.ts'
import { hashOfAnswer } from './hash-of-answer.ts'
import type { Invariant } from './invariant.ts'

export const cacheIsFresh: Invariant = {
  name: 'cache-is-fresh',
  promise: 'what was read before a change is not given out after it',
  *violations({ calls, deviceLog }) {
    const changes = calls.filter(
      ({ line, outcome }) => isChange(line) && outcome.kind === 'acknowledged',
    )
    for (const { line, device, askedAt, startedMs, outcome } of calls) {
      if (!line.startsWith('show nonce') || outcome.kind !== 'acknowledged') continue
      const sha256 = hashOfAnswer(outcome.output)
      const answeredAt = deviceLog.findIndex(
        (entry) => entry.event === 'output' && entry.device === device && entry.sha256 === sha256,
      )
      // What the device has not sent is for others to say.
      if (answeredAt < 0) continue
      const session = deviceLog[answeredAt]?.session
      // What a device shows may be as it was when it was asked.
      const readAt = deviceLog.findLastIndex(
        (entry, at) =>
          at < answeredAt &&
          entry.event === 'command' &&
          entry.device === device &&
          entry.session === session,
      )
      const missed = changes.find((change) => {
        if (change.device !== device || change.settledAt > askedAt) return false
        // The log alone does not tell: it may be as long as before.
        if (change.startedMs + change.tookMs > startedMs) return false
        const changedAt = deviceLog.findIndex(
          (entry) =>
            entry.event === 'command' && entry.device === device && entry.line === change.line,
        )
        return changedAt > readAt
      })
      if (missed)
        yield `"${line}" on ${device} was answered with what was read before "${missed.line}"`
    }
  },
}
