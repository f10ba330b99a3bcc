import type { Quirk } from '@nac-broker/devices'
import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'
import { misbehave } from './misbehave.ts'

/** Lines of its answers look like its prompt, and are none. */
export default fault<{ device: number; quirk: Quirk; forMs: number }>({
  name: 'device-prompts-in-answers',
  draw: (random) => ({
    device: draw(random, 0, 3),
    quirk: { kind: 'prompts in answers' },
    forMs: draw(random, 50, 1_500),
  }),
  inject: misbehave,
})
