import { openRunStore } from '@nac-broker/run-store'
import { eventSchema } from '@nac-broker/protocol'
import { rename, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { EventSourceClient } from './status-server/event-source.fixture.ts'
import { type RunLab, shell, startRunLab } from './run.fixture.ts'
import type { RunConfig } from './run-options.ts'

/** What the store of a run has of its workers' units and of decisions, a line each. */
async function told(lab: RunLab, script: string, config: Partial<RunConfig>): Promise<string[]> {
  const reportDir = lab.path('told')
  const { report } = await lab.run([shell(script, 2)], {
    reportDir,
    preflight: false,
    maxParallel: 1,
    ...config,
  })
  await using store = await openRunStore(lab.path('told', `run-${report.runId}.store`))
  const { events } = await store.events.since(0)
  expect(report.workers).toHaveLength(2)
  return events.flatMap(({ event }) => {
    const known = eventSchema.parse(event)
    if (known.event === 'policy-decision') {
      return [`${known.policy}: ${known.decision} after ${known.worker}: ${known.reason}`]
    }
    if (known.event !== 'unit' || known.kind !== 'worker') return []
    const cause = known.cause === undefined ? '' : `: ${known.cause}`
    return [`${known.unit} ${known.state}${cause}`]
  })
}

it('a worker that fails is told of once with its cause, then what is decided, then its next life', async () => {
  await using lab = await startRunLab()
  const script = '[ "$NAC_BROKER_ATTEMPT$NAC_BROKER_WORKER" != 1w-1 ]'
  const config = { failurePolicy: { name: 'retry_once', retryDelayMs: 1 } } as const
  expect(await told(lab, script, config)).toEqual([
    'worker w-1 starting',
    'worker w-1 ready',
    'worker w-1 failed: exit code 1',
    'retry_once: retry after w-1: exit code 1',
    'worker w-1 starting',
    'worker w-1 ready',
    'worker w-1 stopped',
    'worker w-2 starting',
    'worker w-2 ready',
    'worker w-2 stopped',
  ])
})

it('a worker that cannot even be started has failed', async () => {
  await using lab = await startRunLab()
  const reportDir = lab.path('told')
  const worker = { name: 'w', command: ['no-such-program'], instances: { kind: 'one' } } as const
  const { report } = await lab.run([worker], { reportDir, preflight: false })
  await using store = await openRunStore(lab.path('told', `run-${report.runId}.store`))
  const { events } = await store.events.since(0)
  const states = events.flatMap(({ event }) => {
    const known = eventSchema.parse(event)
    return known.event === 'unit' && known.kind === 'worker' ? [known] : []
  })
  expect(states).toMatchObject([
    { state: 'starting' },
    { state: 'failed', cause: 'cannot start "no-such-program": there is no such program' },
  ])
})

it('whether the run goes on without a worker is told', async () => {
  await using lab = await startRunLab()
  const script = '[ "$NAC_BROKER_WORKER" = w-2 ] || kill -KILL $$'
  expect(await told(lab, script, { failurePolicy: { name: 'best_effort' } })).toEqual([
    'worker w-1 starting',
    'worker w-1 ready',
    'worker w-1 failed: killed by SIGKILL',
    'best_effort: go-on after w-1: killed by SIGKILL',
    'worker w-2 starting',
    'worker w-2 ready',
    'worker w-2 stopped',
  ])
})

it('a worker that the policy stops has not failed', async () => {
  await using lab = await startRunLab()
  const up = lab.path('up')
  const script = `
    if [ "$NAC_BROKER_WORKER" = w-2 ]; then : > ${up}; exec sleep 60; fi
    until [ -e ${up} ]; do sleep 0.01; done
    exit 3`
  const lines = await told(lab, script, { maxParallel: 2 })
  expect(lines.filter((line) => line.startsWith('worker w-2'))).toEqual([
    'worker w-2 starting',
    'worker w-2 ready',
    'worker w-2 stopping',
    'worker w-2 stopped',
  ])
  const why = 'exit code 3; fail_fast stops at the first failure'
  expect(lines).toContain(`fail_fast: stop after w-1: ${why}`)
})

it('what a run depends on is watched while it goes on, and its death streamed at once', async () => {
  await using lab = await startRunLab()
  const [state, over] = [lab.path('state'), lab.path('over')]
  await writeFile(state, 'active')
  const causes: unknown[] = []
  const follow = async (url: string): Promise<void> => {
    using client = await EventSourceClient.open(new URL('events', url).href)
    await client.event(({ unit, state: is }) => unit === 'watch lab' && is === 'ready')
    // All of it at once: nobody reads half of it.
    await writeFile(`${state}.new`, 'inactive')
    await rename(`${state}.new`, state)
    const dead = await client.event(({ state: is }) => is === 'failed')
    causes.push(dead?.event['cause'])
    await writeFile(over, '')
  }
  let following: Promise<void> | undefined
  const { report } = await lab.run(
    [shell(`until [ -e ${over} ]; do sleep 0.01; done`, 1)],
    {
      watch: [{ name: 'lab', command: ['cat', state], live: ['active'], everyMs: 50 }],
      status: { port: 0 },
    },
    {
      onEvent(event) {
        if (event.event === 'status-server') following = follow(event.url)
      },
    },
  )
  await following
  expect(causes).toEqual(['cat says "inactive" (exit code 0)'])
  expect(report.status).toBe('COMPLETE')
})
