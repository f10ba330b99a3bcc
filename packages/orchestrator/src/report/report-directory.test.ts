import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunConfig, RunEvent } from '../run-options.ts'
import { type RunLab, shell, startRunLab } from '../run.fixture.ts'
import { JUNIT_SCHEMA } from './junit-schema.fixture.ts'
import { xmlErrors } from './xml-lint.fixture.ts'

let lab: RunLab

beforeAll(async () => {
  lab = await startRunLab()
})

afterAll(() => lab[Symbol.asyncDispose]())

it('writes what became of a run for programs, for CI servers and for people', async () => {
  const script = `
    printf '<script>\\033[1mno\\001 %s</script>\\n' $NAC_BROKER_WORKER
    [ $NAC_BROKER_WORKER = w-1 ] && exit 3
    [ $NAC_BROKER_ATTEMPT = 2 ]
  `
  const failurePolicy = { name: 'best_effort', retryAttempts: 1, retryDelayMs: 1 } as const
  const { report, written, file } = await lab.run([shell(script, 2)], { failurePolicy })
  expect(written).toEqual(report)
  expect(report.workers.map(({ group, status }) => [group, status])).toEqual([
    ['w', 'failed'],
    ['w', 'passed'],
  ])
  const xml = await file('junit.xml')
  expect(await xmlErrors(xml, JUNIT_SCHEMA)).toEqual([])
  expect(xml).toContain('<property name="status" value="PARTIAL"/>')
  expect(xml).toMatch(/name="w-1".*\n<failure type="failed" message="exit code 3">.*\n.*\n<rerunF/)
  expect(xml).toMatch(/name="w-2".*\n<flakyFailure type="failed" message="attempt 1: exit code 1">/)
  expect(xml).toContain('&lt;script&gt;no w-2&lt;/script&gt;\nnac-broker: attempt 2,')
  const html = await file('report.html')
  expect(await xmlErrors(html)).toEqual([])
  expect(html).toContain('<h1>PARTIAL</h1>')
  const logs = [...html.matchAll(/href="(workers\/.*?)"/g)].map(([, log]) => log)
  expect(logs).toEqual(['workers/w-1.log', 'workers/w-2.log'])
  await Promise.all(logs.map((log) => file(log ?? '')))
})

it("does not leave an earlier run's reports, logs and store beside those of a run that is to come", async () => {
  const reportDir = lab.path('again')
  await lab.run([shell('true', 2)], { reportDir })
  const { report } = await lab.run([shell(`test ! -e ${reportDir}/report.json`, 1)], { reportDir })
  expect(report.status).toBe('COMPLETE')
  expect(await readdir(lab.path('again', 'workers'))).toEqual(['w-1.log'])
  const stores = (await readdir(reportDir)).filter((name) => name.startsWith('run'))
  expect(stores).toEqual([`run-${report.runId}.store`])
})

describe('everything of an earlier run is left as it is', () => {
  it.each<[string, string, Partial<RunConfig>]>([
    [
      'the policies do not fit',
      'CONFIG_INVALID',
      { broker: { host: 'inline', crashPolicy: 'restart' } },
    ],
    [
      'the socket cannot be bound, which only the broker itself finds out',
      'SOCKET_PATH_INVALID',
      { broker: { socketPath: '/proc/broker.sock' } },
    ],
  ])('when the next one is refused because %s', async (_, code, config) => {
    const reportDir = await mkdtemp(lab.path('kept-'))
    await lab.run([shell('exit 3', 1)], { reportDir })
    const before = await contents(reportDir)
    const next = { reportDir, ...config }
    await expect(lab.run([shell('true', 1)], next)).rejects.toMatchObject({ code })
    expect(await contents(reportDir)).toEqual(before)
    const resumed = lab.run([shell('true', 1)], { ...next, resume: true })
    await expect(resumed).rejects.toMatchObject({ code })
    // The store knows of the generation that could not start.
    expect((await contents(reportDir)).filter(isNoStore)).toEqual(before.filter(isNoStore))
    const { report } = await lab.run([shell('true', 1)], { reportDir, resume: true })
    expect(report).toMatchObject({ status: 'COMPLETE', resumed: 1 })
  })

  it('when it is to be resumed and is another', async () => {
    const reportDir = lab.path('kept')
    await lab.run([shell('exit 3', 1)], { reportDir })
    const before = await contents(reportDir)
    const refused = { code: 'CONFIG_INVALID' }
    const resumed = lab.run([shell('true', 5)], { reportDir, resume: true })
    await expect(resumed).rejects.toMatchObject(refused)
    expect(await contents(reportDir)).toEqual(before)
  })

  it('when it is to be resumed and its store is gone', async () => {
    const reportDir = lab.path('no-store')
    const { report } = await lab.run([shell('exit 3', 1)], { reportDir })
    await rm(path.join(reportDir, `run-${report.runId}.store`))
    const before = await contents(reportDir)
    const resumed = lab.run([shell('true', 1)], { reportDir, resume: true })
    await expect(resumed).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/store is not there.*leave out --resume/) as string,
    })
    expect(await contents(reportDir)).toEqual(before)
  })
})

describe("a directory that has files under a report's names", () => {
  it.each([
    ['workers', 'workers/main.ts'],
    ['report.json', 'report.json', '{"status": "COMPLETE", "workers": []}'],
    ['junit.xml', 'junit.xml'],
    ['report.html', 'report.html'],
    ['run.store', 'run.store'],
    ['journal.jsonl', 'journal.jsonl', '{"line": "of something else"}\n'],
    ['journal.jsonl', 'journal.jsonl', 'null\n'],
  ])(
    'is refused as it is where it has %s that no run has written',
    async (name, file, text = '') => {
      const reportDir = await mkdtemp(lab.path('theirs-'))
      await mkdir(path.dirname(path.join(reportDir, file)), { recursive: true })
      await writeFile(path.join(reportDir, file), text)
      const before = await contents(reportDir)
      const events: string[] = []
      const onEvent = ({ event }: RunEvent): void => void events.push(event)
      const status = { port: 0 }
      const run = lab.run([shell('true', 1)], { reportDir, status }, { onEvent })
      await expect(run).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: `report directory ${reportDir}: it has ${name}, which no run has written and this one would replace; move that away, or choose another with --report-dir, or report_dir in the config`,
      })
      expect(events).toEqual([])
      expect(await contents(reportDir)).toEqual(before)
    },
  )

  it('is overwritten where a run has written them, though only its report is left', async () => {
    const reportDir = lab.path('only-report')
    await lab.run([shell(`rm -r ${reportDir}`, 1)], { reportDir })
    expect(await readdir(reportDir)).not.toContain('journal.jsonl')
    const { report } = await lab.run([shell('true', 1)], { reportDir })
    expect(report.status).toBe('COMPLETE')
  })
})

it('is of one run where two begin in it at once', async () => {
  const reportDir = lab.path('two')
  const both = [1, 2].map(() => lab.run([shell('true', 1)], { reportDir }))
  const settled = await Promise.allSettled(both)
  const message = `${reportDir} belongs to a run that goes on, of pid ${process.pid}; choose another --report-dir`
  expect(settled.filter(({ status }) => status === 'rejected')).toMatchObject([
    { reason: { code: 'CONFIG_INVALID', message } },
  ])
  expect((await readdir(reportDir)).toSorted()).toEqual([
    'devices',
    'journal.jsonl',
    'junit.xml',
    'report.html',
    'report.json',
    expect.stringMatching(/^run-.*\.store$/) as string,
    'workers',
  ])
})

it('leaves alone what it has no name for', async () => {
  const reportDir = await mkdtemp(lab.path('shared-'))
  const theirs = path.join(reportDir, 'package.json')
  await writeFile(theirs, '{}')
  await lab.run([shell('true', 1)], { reportDir })
  await lab.run([shell('true', 1)], { reportDir })
  expect(await readFile(theirs, 'utf8')).toBe('{}')
})

it('makes nothing where there is no run to resume', async () => {
  const reportDir = lab.path('never-was')
  await expect(lab.run([shell('true', 1)], { reportDir, resume: true })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  })
  await expect(access(reportDir)).rejects.toMatchObject({ code: 'ENOENT' })
})

it('tells of a resumed run every attempt that there was', async () => {
  const reportDir = lab.path('resumed')
  await lab.run([shell('exit 3', 1)], { reportDir })
  const { report } = await lab.run([shell('true', 1)], { reportDir, resume: true })
  expect(report.workers).toMatchObject([
    {
      status: 'passed',
      attempts: [
        { attempt: 1, exitCode: 3 },
        { attempt: 2, exitCode: 0 },
      ],
    },
  ])
})

/** Each file with its content. */
async function contents(directory: string): Promise<[string, string][]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const paths = files.map(({ parentPath, name }) => path.join(parentPath, name)).toSorted()
  return Promise.all(
    paths.map(async (file): Promise<[string, string]> => [file, await readFile(file, 'latin1')]),
  )
}

function isNoStore([file]: [string, string]): boolean {
  return !file.endsWith('.store')
}
