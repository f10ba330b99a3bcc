import { pick } from '../schedules/draw-schedule.ts'
import { fault } from './fault.ts'

const FAULTS = ['uncaught error', 'full heap', 'early exit', 'blocked for a second'] as const

/** An error that nobody catches, a heap that is full, an exit that nobody asked for, a long turn. */
export default fault<{ what: (typeof FAULTS)[number] }>({
  name: 'broker-suffers',
  draw: (random) => ({ what: pick(random, FAULTS) }),
  inject: async (world, { what }) => world.inflict(what),
})
