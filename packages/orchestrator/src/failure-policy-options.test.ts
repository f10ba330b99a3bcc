import { expect, it } from 'vitest'
import { type FailurePolicyOptions, resolveFailurePolicy } from './failure-policy-options.ts'

it.each<[FailurePolicyOptions, { minAgentsRequired: number; retryAttempts: number }]>([
  [{}, { minAgentsRequired: 8, retryAttempts: 0 }],
  [{ name: 'fail_fast' }, { minAgentsRequired: 8, retryAttempts: 0 }],
  [{ name: 'retry_once' }, { minAgentsRequired: 8, retryAttempts: 1 }],
  [{ name: 'best_effort' }, { minAgentsRequired: 1, retryAttempts: 0 }],
  [{ name: 'continue_if_majority' }, { minAgentsRequired: 1, retryAttempts: 0 }],
  [
    { name: 'best_effort', minAgentsRequired: 8, retryAttempts: 3 },
    { minAgentsRequired: 8, retryAttempts: 3 },
  ],
])('%j of 8 workers', (options, expected) => {
  expect(resolveFailurePolicy(options, 8)).toEqual({
    name: options.name ?? 'fail_fast',
    retryDelayMs: 10_000,
    ...expected,
  })
})

it.each<[FailurePolicyOptions, string]>([
  [
    { minAgentsRequired: 9 },
    'minAgentsRequired: 9 is more than the 8 workers of this run; give at most 8',
  ],
  [
    {
      minAgentsRequired: 9,
      places: { minAgentsRequired: 'x.yaml:3: distributed.min_agents_required' },
    },
    'x.yaml:3: distributed.min_agents_required: 9 is more than the 8 workers of this run; give at most 8',
  ],
  [
    { name: 'retry_once', retryAttempts: 2 },
    'retryAttempts: 2 cannot be with retry_once, which retries exactly once; leave it out or choose another failure policy',
  ],
  [
    { name: 'retry_once', retryAttempts: 0 },
    'retryAttempts: 0 cannot be with retry_once, which retries exactly once; leave it out or choose another failure policy',
  ],
])('refuses %j', (options, message) => {
  expect(() => resolveFailurePolicy(options, 8)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message }),
  )
})
