import { expect, it } from 'vitest'
import { stopMachine } from './stopped-machine.fixture.ts'

it('nobody takes the broker for lost after everything was stopped for 5 s', async () => {
  expect((await stopMachine()).alarms).toEqual([])
})
