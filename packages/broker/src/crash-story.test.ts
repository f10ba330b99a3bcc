import type { Crash } from '@nac-broker/supervisor'
import { BrokerError } from '@nac-broker/protocol'
import { expect, test } from 'vitest'
import { crashStory } from './crash-story.ts'

const crash = (ranMs: number, message: string): Crash => ({
  attempt: 1,
  error: new BrokerError('BROKER_LOST', message),
  at: new Date(0),
  readyMs: 1,
  ranMs,
})

test('what happened again and again is told once, with each of its times', () => {
  const crashes = [crash(300, 'SIGKILL'), crash(2_040, 'SIGKILL'), crash(90, 'code 1')]
  expect(crashStory(crashes)).toBe(
    'the broker was lost 3 times and restarting was given up (after 0.3, 2.0 s: SIGKILL; after 0.1 s: code 1)',
  )
})

test('one crash is no history', () => {
  expect(crashStory([crash(300, 'the broker crashed: SIGKILL')])).toBe(
    'the broker crashed: SIGKILL, after 0.3 s; it is not restarted',
  )
})
