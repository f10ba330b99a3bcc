import type { VirtualClock } from '@nac-broker/supervisor'
import { draw } from '../chaos-seed.fixture.ts'
import { pick } from '../schedules/draw-schedule.ts'
import type { WireFault, WireSide } from './fault-proxy.ts'

const SIDES: readonly WireSide[] = ['client', 'server']

const KINDS: readonly ((random: VirtualClock) => WireFault)[] = [
  (random) => ({ kind: 'latency', ms: draw(random, 5, 100) }),
  (random) => ({ kind: 'sliced', bytes: draw(random, 1, 20) }),
  (random) => ({ kind: 'slow', bytesPerMs: draw(random, 5, 500) }),
  () => ({ kind: 'silent' }),
  (random) => ({ kind: 'torn', bytes: draw(random, 0, 40) }),
  (random) => ({ kind: 'limit', bytes: draw(random, 0, 5_000) }),
  (random) => ({ kind: 'garbage', bytes: draw(random, 1, 200), towards: pick(random, SIDES) }),
  (random) => ({ kind: 'half-close', towards: pick(random, SIDES) }),
  () => ({ kind: 'never-close' }),
  () => ({ kind: 'unanswered' }),
]

export function drawWireFault(random: VirtualClock): WireFault {
  return pick(random, KINDS)(random)
}
