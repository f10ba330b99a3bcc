import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts'],
    // Most tests wait for processes and devices, not for the processor: two at a time even on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // A test that waits longer than this waits for something that will not happen.
    testTimeout: 20_000,
    // What CI counts by.
    reporters: process.env['CI']
      ? ['default', ['json', { outputFile: '.test-report.json' }]]
      : ['default'],
  },
})
