import { canaryOf } from '../schedules/draw-schedule.ts'
import type { Invariant } from './invariant.ts'

export const noSecret: Invariant = {
  name: 'no-secret',
  promise: 'no password in any log, error, event, command line, report or store',
  *violations({ texts, schedule: { seed } }) {
    for (const [place, text] of Object.entries(texts)) {
      if (text.includes(canaryOf(seed))) yield `the devices' password is in ${place}`
    }
  },
}
