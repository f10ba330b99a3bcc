import type { Quirk } from '@nac-broker/devices'
import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'
import { misbehave } from './misbehave.ts'

/** It does not show what is typed in sessions that begin meanwhile, and drops those that there are. */
export default fault<{ device: number; quirk: Quirk; forMs: number }>({
  name: 'device-no-echo',
  draw: (random) => ({
    device: draw(random, 0, 3),
    quirk: { kind: 'no echo' },
    forMs: draw(random, 50, 1_500),
  }),
  inject: misbehave,
})
