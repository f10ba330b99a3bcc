import type { Quirk } from '@nac-broker/devices'
import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'
import { misbehave } from './misbehave.ts'

/** Ten megabytes that nobody asked for come with an answer. */
export default fault<{ device: number; quirk: Quirk; forMs: number }>({
  name: 'device-floods',
  draw: (random) => ({
    device: draw(random, 0, 3),
    quirk: { kind: 'floods', bytes: 10_000_000 },
    forMs: draw(random, 5, 50),
  }),
  inject: misbehave,
})
