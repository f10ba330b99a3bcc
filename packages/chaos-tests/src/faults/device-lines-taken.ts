import type { Quirk } from '@nac-broker/devices'
import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'
import { misbehave } from './misbehave.ts'

/** Somebody else has all its lines: nobody else gets in, and who is in is dropped. */
export default fault<{ device: number; quirk: Quirk; forMs: number }>({
  name: 'device-lines-taken',
  draw: (random) => ({
    device: draw(random, 0, 3),
    quirk: { kind: 'lines taken' },
    forMs: draw(random, 50, 1_500),
  }),
  inject: misbehave,
})
