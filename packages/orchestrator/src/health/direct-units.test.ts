import type { DirectEvent } from '@nac-broker/protocol'
import { FailureDetector, VirtualClock } from '@nac-broker/supervisor'
import { expect, test } from 'vitest'
import { DirectUnits } from './direct-units.ts'

const device = 'r1'
const opened: DirectEvent = { event: 'session-opened', device, openMs: 1 }
const dropped: DirectEvent = {
  event: 'session-closed',
  device,
  by: 'device',
  message: 'r1: connection reset',
}
const evicted: DirectEvent = { event: 'session-closed', device, by: 'evicted' }
const refused: DirectEvent = {
  event: 'login-failed',
  device,
  code: 'DEVICE_UNREACHABLE',
  message: 'r1: cannot be reached',
  retryAfterMs: 1_000,
}

function statesAfter(events: readonly DirectEvent[], maxPerDevice = 1): string[] {
  const states: string[] = []
  const onEvent = ({ state }: { state: string }): void => void states.push(state)
  const units = new DirectUnits(
    new FailureDetector({ clock: new VirtualClock(), onEvent }),
    maxPerDevice,
  )
  for (const event of events) units.take(event)
  return states
}

test.each<[string, DirectEvent[], number, string[]]>([
  ['whose session it ended has failed', [opened, dropped], 1, ['starting', 'ready', 'failed']],
  [
    'whose session was given up has stopped',
    [opened, evicted],
    1,
    ['starting', 'ready', 'stopped'],
  ],
  ['that cannot be logged in to has failed', [refused], 1, ['starting', 'failed']],
  [
    'that ended one of two sessions and is given up with the other has stopped',
    [opened, opened, dropped, refused, evicted],
    2,
    ['starting', 'ready', 'stopped'],
  ],
  [
    'that has another session, as a client was killed with the one before, fails with that',
    [opened, opened, dropped],
    1,
    ['starting', 'ready', 'failed'],
  ],
])('a device %s', (_, events, maxPerDevice, states) => {
  expect(statesAfter(events, maxPerDevice)).toEqual(states)
})
