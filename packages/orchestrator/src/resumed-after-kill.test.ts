import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { systemClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { startRunLab } from './run.fixture.ts'

const MAIN = path.join(import.meta.dirname, 'cli/main.ts')
const HOUR_MS = 3_600_000

it('a run that is resumed an hour after its orchestrator was killed says so, and has not worked that hour', async () => {
  await using lab = await startRunLab()
  const reportDir = lab.path('report')
  const deviceLog = path.join(reportDir, 'devices/sim-1.log')
  // The first ends when there is a device's log, and with it the orchestrator; the second is at work by then.
  const script = `[ $NAC_BROKER_WORKER = worker-2 ] && [ $NAC_BROKER_ATTEMPT = 1 ] && exec sleep 60
    until grep -q session-opened ${deviceLog}; do sleep 0.05; done`
  const command = ['sh', '-c', script]
  const flags = ['--testbed', lab.path('testbed.yaml'), '--report-dir', reportDir, '--quiet']
  const killed = spawn(
    process.execPath,
    [MAIN, 'run', ...flags, '--workers', '2', '--', ...command],
    { env: { ...process.env, NAC_BROKER_FAILPOINTS: 'run.worker.ended=kill' }, stdio: 'ignore' },
  )
  expect(await once(killed, 'exit')).toEqual([null, 'SIGKILL'])

  const wallTime = (): Date => new Date(systemClock.wallTime().getTime() + HOUR_MS)
  const { report } = await lab.run(
    [{ name: 'worker', command, instances: { kind: 'count', count: 2 } }],
    { reportDir, resume: true },
    { clock: { ...systemClock, wallTime } },
  )
  expect(report).toMatchObject({ status: 'COMPLETE', resumed: 1 })
  const worker = report.workers[1]
  const attempts = worker?.attempts ?? []
  expect(attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
    [1, 'cancelled'],
    [2, 'passed'],
  ])
  const [first = 0, second = 0] = attempts.map((one) => one.durationMs)
  expect(first).toBeGreaterThan(0)
  expect(worker?.durationMs).toBeGreaterThanOrEqual(first + second)
  expect(worker?.durationMs).toBeLessThan(HOUR_MS)

  const log = (await readFile(deviceLog, 'utf8')).trimEnd().split('\n')
  const lost = log.findIndex((line) => line.includes(' orchestrator-lost message='))
  expect(log[lost + 1]).toMatch(/Z run-resumed$/)
  const [lostAt = 0, resumedAt = 0] = log.slice(lost).map((line) => Date.parse(line.slice(0, 24)))
  expect(resumedAt - lostAt).toBeGreaterThan(HOUR_MS - 60_000)
  expect(log.slice(lost).join('\n')).toContain('session-opened')
}, 60_000)
