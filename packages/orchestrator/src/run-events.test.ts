import { writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import type { WorkerActivity } from './health/health-recorder.ts'
import { shell, startRunLab } from './run.fixture.ts'
import { run } from './run.ts'
import type { RunEvent } from './run-options.ts'

it('tells at the start how many workers there are, and who is left to do after a resume', async () => {
  await using lab = await startRunLab()
  const mended = lab.path('mended')
  const workers = [shell(`[ "$NAC_BROKER_WORKER" = w-1 ] || test -f ${mended}`, 3)]
  const started: object[] = []
  const onEvent = (event: RunEvent): void => {
    if (event.event !== 'started') return
    const { workers: all, toDo, maxParallel } = event
    started.push({ workers: all, toDo, maxParallel })
  }
  const config = {
    reportDir: lab.path('report-1'),
    failurePolicy: { name: 'best_effort' as const },
  }
  await lab.run(workers, config, { onEvent })
  await writeFile(mended, '')
  const again = {
    ...config,
    testbed: lab.path('testbed.yaml'),
    workers,
    resume: true,
    maxParallel: 2,
  }
  expect(await run(again, { onEvent })).toMatchObject({ status: 'COMPLETE', resumed: 1 })
  expect(started).toEqual([
    { workers: 3, toDo: ['w-1', 'w-2', 'w-3'], maxParallel: 3 },
    { workers: 3, toDo: ['w-2', 'w-3'], maxParallel: 2 },
  ])
})

it('says of each worker, as it goes on, how many checkpoints it has made in all its attempts', async () => {
  await using lab = await startRunLab()
  const script = `
    import { connect } from '${import.meta.resolve('@nac-broker/client')}'
    await using broker = await connect()
    await broker.checkpoint({ done: 1 })
    await broker.checkpoint({ done: 2 })
    if (process.env.NAC_BROKER_ATTEMPT === '1') process.exit(1)`
  const command = [process.execPath, '--input-type=module', '-e', script]
  let activity: (worker: string) => Partial<WorkerActivity> = () => ({})
  const onEvent = (event: RunEvent): void => {
    if (event.event === 'started') ({ activity } = event)
  }
  const failurePolicy = { name: 'retry_once' as const, retryDelayMs: 0 }
  const workers = [{ name: 'w', command, instances: { kind: 'one' as const } }]
  const { report } = await lab.run(workers, { failurePolicy }, { onEvent })
  expect(report.status).toBe('COMPLETE')
  expect(activity('w')).toMatchObject({ commands: 0, checkpoints: 4 })
})
