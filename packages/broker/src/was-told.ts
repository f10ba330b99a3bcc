import type { BrokerEvent } from '@nac-broker/protocol'

/** Whether a broker has it from the one who launched it, who need not hear it again. Of units, devices and their sessions are the broker's own. */
export function wasTold(event: BrokerEvent): boolean {
  if (event.event === 'unit') return event.kind !== 'device' && event.kind !== 'session'
  return event.event === 'policy-decision'
}
