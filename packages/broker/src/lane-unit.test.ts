import { FailureDetector, type UnitEvent, VirtualClock } from '@nac-broker/supervisor'
import { expect, test } from 'vitest'
import { LaneUnit } from './lane-unit.ts'

function unitOf(): { clock: VirtualClock; unit: LaneUnit; states: UnitEvent['state'][] } {
  const clock = new VirtualClock()
  const states: UnitEvent['state'][] = []
  const onEvent = ({ state }: UnitEvent): void => void states.push(state)
  const device = { name: 'device r1', kind: 'device' }
  const unit = new LaneUnit(device, new FailureDetector({ clock, onEvent }), clock)
  return { clock, unit, states }
}

test('between two commands a device is busy; it is idle when it has had nothing to do for a second', async () => {
  const { clock, unit, states } = unitOf()
  unit.ready()
  for (let command = 0; command < 3; command++) {
    unit.busy()
    unit.nothingToDo()
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await clock.advance(900)
  }
  expect(states).toEqual(['starting', 'ready', 'busy'])
  await clock.advance(100)
  expect(states.at(-1)).toBe('idle')
})

test.each(['stopped', 'failed'] as const)('one that has %s is never idle', async (how) => {
  const { clock, unit, states } = unitOf()
  unit.ready()
  unit.nothingToDo()
  if (how === 'stopped') unit.stopped()
  else unit.failed('connection reset')
  expect(clock.pending).toBe(0)
  unit.ready()
  await clock.advance(1_000)
  expect(states.slice(-3)).toEqual([how, 'starting', 'ready'])
})

test('one that is logged in to while its last session is still closing begins anew', () => {
  const { unit, states } = unitOf()
  unit.ready()
  unit.stopping()
  unit.starting()
  unit.ready()
  expect(states).toEqual(['starting', 'ready', 'stopping', 'stopped', 'starting', 'ready'])
})
