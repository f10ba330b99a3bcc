import type { UnitChange } from '@nac-broker/protocol'
import type { UnitEvent } from '@nac-broker/supervisor'

/** The run's broker; the generations are its lives. */
export const BROKER_UNIT = { name: 'broker', kind: 'broker' }

/** What a failure detector tells, as an event of the run. */
export function unitChange({ name, kind, ...change }: UnitEvent): UnitChange {
  // Who keeps the detector gave the unit its kind.
  return { event: 'unit', unit: name, kind: kind as UnitChange['kind'], ...change }
}
