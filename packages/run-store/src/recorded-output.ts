import { BrokerError } from '@nac-broker/protocol'
import type { Change } from './change.ts'
import type { NotKept, Outcome } from './outcomes.ts'

const WHY: Readonly<Record<NotKept, string>> = {
  withheld: 'it has a secret of the device in it',
  evicted: 'it made room for newer ones',
}

/**
 * What whoever asks for a change again is told: the output that it had.
 * @throws {BrokerError} how it failed, or `OUTCOME_UNKNOWN` where the record does not say
 */
export function recordedOutput(
  outcome: Exclude<Outcome, { state: 'absent' }>,
  { key, device }: Pick<Change, 'key' | 'device'>,
): Buffer {
  const unknown = (what: string, sent: 'yes' | 'unknown'): BrokerError =>
    new BrokerError('OUTCOME_UNKNOWN', `${device}: the change "${key}" ${what}`, { device, sent })
  switch (outcome.state) {
    case 'done':
      if (outcome.result.kept) return outcome.result.content
      throw unknown(`was carried out; its output was not kept: ${WHY[outcome.result.why]}`, 'yes')
    case 'failed':
      throw BrokerError.fromWire(outcome.error)
    case 'sent':
      throw unknown(
        `was sent by generation ${outcome.generation}, and whether it was carried out nobody can tell; look at the device, then decide`,
        'yes',
      )
    case 'void':
      throw unknown(
        'was taken over by a client that goes to the device directly, and how it ended is not known; look at the device, then decide',
        'unknown',
      )
  }
}
