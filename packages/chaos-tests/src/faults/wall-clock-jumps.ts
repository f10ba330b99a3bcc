import { draw } from '../chaos-seed.fixture.ts'
import { fault } from './fault.ts'

/** The calendar is set, forwards or back, by up to a day. */
export default fault<{ byMs: number }>({
  name: 'wall-clock-jumps',
  draw: (random) => ({ byMs: draw(random, -86_400_000, 86_400_000) }),
  inject: async (world, { byMs }) => world.shiftWallTime(byMs),
})
