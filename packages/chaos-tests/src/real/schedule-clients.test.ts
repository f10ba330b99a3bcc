import { systemClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import type { PlannedCall } from '../schedules/schedule.ts'
import { startSupervisedLab, type SupervisedLab } from '../supervised-lab.fixture.ts'
import { recordCalls } from './call-recorder.ts'
import { scheduleClients, type ScheduleClients } from './schedule-clients.ts'

/** With held commands there is nothing to wait for at the end. */
const OPTIONS = { host: 'thread', maxSessionsPerDevice: 2, drainTimeoutMs: 50 } as const

/** Clients in processes of their own, each with one caller and its calls. */
function clientsOf(lab: SupervisedLab, ...calls: PlannedCall[][]): ScheduleClients {
  return scheduleClients(
    { seed: 1, clients: calls.map((one) => [one]) },
    {
      clock: systemClock,
      env: lab.broker.env(),
      testbed: lab.testbedPath,
      connectTimeoutMs: 10_000,
      givenUp: lab.givenUp,
      apart: true,
      onUnconnected(client, error) {
        throw new Error(`client ${client}`, { cause: error })
      },
      onTold(text) {
        throw new Error(text)
      },
    },
  )
}

function reads(nonce: string, timeoutMs = 20_000): PlannedCall {
  return { device: 'sim-1', line: `show nonce ${nonce}`, timeoutMs }
}

it('of a call whose client is killed in the middle of it nobody says how it ended', async () => {
  await using lab = await startSupervisedLab(OPTIONS)
  lab.hold(/held/)
  const clients = clientsOf(lab, [reads('held'), reads('never')], [reads('other')])
  const recorder = recordCalls(
    systemClock,
    () => lab.log.length,
    () => {},
  )
  const got = lab.deviceGets('show nonce held')
  const done = clients.run(recorder)
  await got
  clients.signal(0, 'SIGKILL')
  await done
  const outcomes = recorder.calls.map(({ line, outcome }) => [line, outcome.kind])
  expect(new Map(outcomes as [string, string][])).toEqual(
    new Map([
      ['show nonce held', 'client-died'],
      ['show nonce other', 'acknowledged'],
    ]),
  )
})

it('a client that was stopped says for how long, and its call is not late for that', async () => {
  await using lab = await startSupervisedLab(OPTIONS)
  lab.hold(/held/)
  const stopped = clientsOf(lab, [reads('held', 2_000)])
  const other = clientsOf(lab, [reads('held, too', 300)])
  const recorder = recordCalls(
    systemClock,
    () => lab.log.length,
    () => {},
  )
  const got = lab.deviceGets('show nonce held')
  const done = stopped.run(recorder)
  await got
  stopped.signal(0, 'SIGSTOP')
  // Until its call has had its 300 ms.
  await other.run(recorder)
  stopped.signal(0, 'SIGCONT')
  await done
  const [call] = recorder.calls
  expect(call).toMatchObject({ late: false, outcome: { kind: 'failed' } })
  expect(call?.lagMs).toBeGreaterThan(250)
})
