import { type SupervisedBroker, unitChange } from '@nac-broker/broker'
import { type Clock, FailureDetector } from '@nac-broker/supervisor'
import type { Logger } from 'pino'

/** Knows how the workers and whatever else a run depends on fare; tells all who listen to the broker. */
export function runUnits(
  broker: Pick<SupervisedBroker, 'tell'>,
  { clock, log }: { clock: Clock; log: Logger },
): FailureDetector {
  return new FailureDetector({
    clock,
    onEvent(event) {
      broker.tell(unitChange(event))
      // Of the others the run's own lines tell.
      if (event.kind !== 'watch') return
      if (event.state === 'failed') log.warn(`${event.name} has failed: ${event.cause}`)
      if (event.state === 'ready') log.info(`${event.name} is live`)
    },
  })
}
