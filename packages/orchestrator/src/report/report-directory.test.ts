import { access } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ReportDirectory } from '../report.ts'
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

it("does not leave an earlier run's reports beside those of a run that is to come", async () => {
  const { report } = await lab.run([shell('true', 1)], { reportDir: lab.path('again') })
  expect(report.status).toBe('COMPLETE')
  const files = ['report.json', 'junit.xml', 'report.html'].map((name) => lab.path('again', name))
  await Promise.all(files.map((name) => access(name)))
  await ReportDirectory.create(lab.path('again'))
  const left = await Promise.allSettled(files.map((name) => access(name)))
  expect(left.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
})
