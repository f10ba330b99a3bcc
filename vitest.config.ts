import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts'],
    // A test that waits longer than this waits for something that will not happen.
    testTimeout: 20_000,
    // What CI counts by.
    reporters: process.env['CI']
      ? ['default', ['json', { outputFile: '.test-report.json' }]]
      : ['default'],
  },
})
