import type { Quirk } from '@nac-broker/devices'
import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'
import { misbehave } from './misbehave.ts'

/** Its answers have bytes in them that are no text. */
export default fault<{ device: number; quirk: Quirk; forMs: number }>({
  name: 'device-bytes-in-answers',
  draw: (random) => ({
    device: draw(random, 0, 3),
    quirk: { kind: 'bytes in answers' },
    forMs: draw(random, 50, 1_500),
  }),
  inject: misbehave,
})
