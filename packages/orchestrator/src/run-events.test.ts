import { writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { shell, startRunLab } from './run.fixture.ts'
import { run, type RunEvent } from './run.ts'

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
