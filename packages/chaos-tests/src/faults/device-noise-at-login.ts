import type { Quirk } from '@nac-broker/devices'
import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'
import { misbehave } from './misbehave.ts'

/** It sends a megabyte of anything before its first prompt, and drops who is in. */
export default fault<{ device: number; quirk: Quirk; forMs: number }>({
  name: 'device-noise-at-login',
  draw: (random) => ({
    device: draw(random, 0, 3),
    quirk: { kind: 'noise at login', bytes: draw(random, 1_000, 1_000_000) },
    forMs: draw(random, 50, 1_500),
  }),
  inject: misbehave,
})
