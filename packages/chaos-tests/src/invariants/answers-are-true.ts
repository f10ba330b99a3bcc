import type { CallRecord, Evidence } from '../schedules/evidence.ts'
import { isChange } from '../schedules/schedule.ts'
import { hashOfAnswer } from './hash-of-answer.ts'
import type { Invariant } from './invariant.ts'

export const answersAreTrue: Invariant = {
  name: 'answers-are-true',
  promise:
    'an answer is what the device sent for this very command, and what failed says whether it was sent',
  *violations({ calls, deviceLog }) {
    for (const call of calls) yield* judged(call, deviceLog)
  },
}

function* judged(
  { line, device, key, outcome }: CallRecord,
  log: Evidence['deviceLog'],
): Generator<string> {
  const call = `"${line}" on ${device}`
  if (outcome.kind === 'acknowledged') {
    const sha256 = hashOfAnswer(outcome.output)
    const wasSent = log.some(
      (entry) =>
        entry.event === 'output' &&
        entry.device === device &&
        entry.line === line &&
        entry.sha256 === sha256,
    )
    if (!wasSent) yield `${call} was answered with ${told(outcome.output)}, which it did not send`
  }
  if (outcome.kind !== 'failed') return
  if (outcome.code === undefined || outcome.code === 'INTERNAL') {
    yield `${call} failed of what nobody foresaw: ${outcome.message}`
  }
  // A line that others ask for too may have been sent for them.
  const isOwn = key === undefined && isChange(line)
  const reached = log.some(
    (entry) => entry.event === 'command' && entry.device === device && entry.line === line,
  )
  if (isOwn && outcome.sent === 'no' && reached) {
    yield `${call} reached it, but failed with sent: no (${outcome.code}: ${outcome.message})`
  }
}

function told(output: string): string {
  return output.length > 80 ? `${output.length} bytes` : `"${output}"`
}
