import type { Quirk } from '@nac-broker/devices'
import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'
import { misbehave } from './misbehave.ts'

/** After its answers no prompt comes. */
export default fault<{ device: number; quirk: Quirk; forMs: number }>({
  name: 'device-no-prompt',
  draw: (random) => ({
    device: draw(random, 0, 3),
    quirk: { kind: 'no prompt' },
    forMs: draw(random, 50, 1_500),
  }),
  inject: misbehave,
})
