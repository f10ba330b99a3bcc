import { inject } from 'vitest'
import type { FrrLab } from './frr-lab.fixture.ts'

const containers = inject('containers')

/** Whether tests with containers are skipped; then `WHY`, at the end of a title, says why. */
export const LEFT_OUT = 'leftOut' in containers
export const WHY = 'leftOut' in containers ? ` (${containers.leftOut})` : ''

/** Routers r1, r2, ... for such tests. */
export async function startRouters(count: number): Promise<FrrLab> {
  if ('leftOut' in containers) throw new Error(containers.leftOut)
  // Slow to load, and not needed where these tests are skipped.
  const { startFrrLab } = await import('./frr-lab.fixture.ts')
  return startFrrLab(containers.image, count)
}
