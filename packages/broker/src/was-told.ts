import type { BrokerEvent } from '@nac-broker/protocol'

/** Whether a broker has it from the one who launched it, who need not hear it again. Of units, only the devices are the broker's own. */
export function wasTold(event: BrokerEvent): boolean {
  return event.event === 'policy-decision' || (event.event === 'unit' && event.kind !== 'device')
}
