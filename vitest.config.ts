import { availableParallelism } from 'node:os'
import path from 'node:path'
import { defineConfig } from 'vitest/config'

// The many threads and processes that tests start are up in half the time when Node need not compile
// their sources again. They inherit this.
process.env['NODE_COMPILE_CACHE'] ??= path.join(import.meta.dirname, 'node_modules/.cache/node')

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'bench/**/*.test.ts'],
    globalSetup: ['packages/chaos-tests/src/containers/engine.setup.ts'],
    // Most tests wait for processes and devices, not for the processor: three at a time on two cores.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // Of those in one file that may run together, as many as keep two cores busy.
    maxConcurrency: 3,
    // A test that waits longer than this waits for something that will not happen.
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // What CI counts by.
    reporters: process.env['CI']
      ? ['default', ['json', { outputFile: '.test-report.json' }]]
      : ['default'],
  },
})
