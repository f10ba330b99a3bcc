import { readFile } from 'node:fs/promises'
import { superviseBroker, type SupervisedBrokerEvent } from '@nac-broker/broker'
import type { UnitChange } from '@nac-broker/protocol'
import type { RunReport } from '@nac-broker/orchestrator'
import { openRunStore } from '@nac-broker/run-store'
import { expect, it } from 'vitest'
import { shell, startRunLab } from '../../orchestrator/src/run.fixture.ts'
import { startLab } from './lab.fixture.ts'

/** Those of a kind that came to this state, with their causes. */
function inState(events: readonly object[], state: UnitChange['state']): UnitChange[] {
  return events.filter(
    (event): event is UnitChange => 'state' in event && 'unit' in event && event.state === state,
  )
}

it('300 sessions that are closed, evicted or shut down with their broker are 300 stops and no failure', async () => {
  const devices = 10
  const lab = await startLab({ devices, latencyMs: 0 }, { maxConnections: devices / 2 })
  const events: object[] = []
  const reading = (async () => {
    for await (const event of lab.broker.events()) events.push(event)
  })()
  const names = lab.simulator.devices.map(({ name }) => name)
  const client = await lab.client()
  for (let round = 0; round < 300 / devices; round++) {
    // Half of them have to make room for the others.
    // oxlint-disable-next-line no-await-in-loop -- one life of the devices after the other
    await Promise.all(names.map((name) => client.connect(name)))
    // oxlint-disable-next-line no-await-in-loop -- one life of the devices after the other
    if (round % 2 === 0) await Promise.all(names.map((name) => client.disconnect(name)))
  }
  await lab[Symbol.asyncDispose]()
  await reading
  const ended = (by: string): number =>
    events.filter((event) => 'by' in event && event.by === by).length
  expect(ended('evicted')).toBeGreaterThan(100)
  expect(ended('disconnected')).toBeGreaterThan(50)
  expect(ended('shutdown')).toBeGreaterThan(0)
  expect(ended('evicted') + ended('disconnected') + ended('shutdown')).toBeGreaterThanOrEqual(300)
  expect(inState(events, 'failed')).toEqual([])
}, 120_000)

it('40 workers that finish, and 20 that are stopped, are 60 stops and no failure', async () => {
  await using lab = await startRunLab()
  const told = async (reportDir: string): Promise<object[]> => {
    const report = await readFile(lab.path(reportDir, 'report.json'), 'utf8')
    const { runId } = JSON.parse(report) as RunReport
    await using store = await openRunStore(lab.path(reportDir, `run-${runId}.store`))
    const { events } = await store.events.since(0)
    return events.map(({ event }) => event as object)
  }
  const config = { preflight: false, maxParallel: 10 }
  await lab.run([shell('exit 0', 40)], { ...config, reportDir: lab.path('finish') })

  const stop = new AbortController()
  let lines = 0
  const options = {
    signal: stop.signal,
    onLine() {
      if (++lines === 20) stop.abort(new Error('enough'))
    },
  }
  await lab.run(
    [shell('echo up; exec sleep 60', 20)],
    { ...config, maxParallel: 20, reportDir: lab.path('stop') },
    options,
  )

  const all = [...(await told('finish')), ...(await told('stop'))]
  const workers = inState(all, 'stopped').filter(({ kind }) => kind === 'worker')
  expect(new Set(workers.map(({ unit }) => unit)).size).toBe(40)
  expect(workers).toHaveLength(60)
  expect(inState(all, 'failed')).toEqual([])
}, 120_000)

it('30 brokers in a thread that are closed, some before they are ready, are 30 stops and no failure', async () => {
  const events: SupervisedBrokerEvent[] = []
  for (let time = 0; time < 30; time++) {
    const over = new AbortController()
    const onEvent = (event: SupervisedBrokerEvent): void => {
      events.push(event)
      if (time % 3 === 0) over.abort()
    }
    const started = superviseBroker({ onEvent, signal: over.signal })
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await started.then((broker) => broker.close()).catch(() => {})
  }
  expect(inState(events, 'stopped')).toHaveLength(30)
  expect(inState(events, 'failed')).toEqual([])
}, 120_000)
