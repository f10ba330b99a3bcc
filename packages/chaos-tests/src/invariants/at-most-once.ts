import { isChange } from '../schedules/schedule.ts'
import type { Invariant } from './invariant.ts'

export const atMostOnce: Invariant = {
  name: 'at-most-once',
  promise: 'a change reaches its device at most once',
  *violations({ deviceLog }) {
    const times = new Map<string, number>()
    for (const entry of deviceLog) {
      if (entry.event !== 'command' || !isChange(entry.line)) continue
      const what = `"${entry.line}" on ${entry.device}`
      times.set(what, (times.get(what) ?? 0) + 1)
    }
    for (const [what, count] of times) if (count > 1) yield `${what} reached it ${count} times`
  },
}
