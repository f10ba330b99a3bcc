import path from 'node:path'
import type { TestProject } from 'vitest/node'

const HERE = import.meta.dirname

/** Whether tests with containers run, and with which image; or in words why they are left out. */
export type Containers = { image: string } | { leftOut: string }

declare module 'vitest' {
  export interface ProvidedContext {
    containers: Containers
  }
}

/**
 * Before the first test: building the image may take a minute, and tests have no time for that. After the
 * last one it says what was left out, which is easily overlooked among so many.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  const found = await containers()
  project.provide('containers', found)
  return () => {
    const { state, logger } = project.vitest
    const skipped = state.getFiles().filter(({ filepath }) => filepath.startsWith(HERE))
    if (!('leftOut' in found) || skipped.length === 0) return
    const names = skipped.map(({ filepath }) => path.relative(project.config.root, filepath))
    logger.log(`Skipped (${found.leftOut}): ${names.join(', ')}`)
  }
}

async function containers(): Promise<Containers> {
  if (process.env['NAC_BROKER_CONTAINERS'] !== '1')
    return { leftOut: 'left out, `pnpm test:containers` runs them' }
  // What is pulled in here is slow to load, and most runs of the tests need none of it.
  const [{ getContainerRuntimeClient }, { frrImage }, { NoBaseImage }] = await Promise.all([
    import('testcontainers'),
    import('./frr-image.ts'),
    import('./debian-base.ts'),
  ])
  const client = await getContainerRuntimeClient().catch(() => undefined)
  if (!client) return { leftOut: 'left out, no Docker engine answers' }
  // Its image comes from a registry, which not everybody can reach; a lab removes its own containers.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
  try {
    return { image: await frrImage(client) }
  } catch (error) {
    if (!(error instanceof NoBaseImage)) throw error
    return { leftOut: `left out, ${error.message}` }
  }
}
