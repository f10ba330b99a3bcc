import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/**
 * What this thread holds when the garbage is gone, in bytes. What lies outside of the heap is freed beside the
 * collection that finds it unused: another one, a turn of the loop later, knows.
 */
export async function heldBytes(): Promise<number> {
  for (let again = 0; again < 3; again++) {
    collectGarbage()
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await setImmediate()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
