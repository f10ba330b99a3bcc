import { expect, it, test } from 'vitest'
import type { AttemptReport, WorkerReport } from '../report.ts'
import { junit } from './junit.ts'
import { JUNIT_SCHEMA } from './junit-schema.fixture.ts'
import { at, sampleReport, sampleWorker } from './report.fixture.ts'
import { xmlErrors } from './xml-lint.fixture.ts'

const NO_LOGS = new Map<string, string>()

/** A worker's test case, of a document that keeps to the schema. */
async function caseOf(worker: WorkerReport, log?: string): Promise<string> {
  const logs = log === undefined ? NO_LOGS : new Map([[worker.name, log]])
  const xml = junit(sampleReport({ workers: [worker] }), logs)
  expect(await xmlErrors(xml, JUNIT_SCHEMA)).toEqual([])
  return /<testcase .*?<\/testcase>/s.exec(xml)?.[0].replaceAll('\n', '') ?? ''
}

function attempt(number: number, differences: Partial<AttemptReport> = {}): AttemptReport {
  return { attempt: number, status: 'failed', startedAt: at(1), durationMs: 500, ...differences }
}

const failed = { reason: 'exit code 3' }
const cancelled = { status: 'cancelled', reason: 'exit code 1; the broker was lost' } as const

test.each<[string, Partial<WorkerReport>, string]>([
  ['that passed', {}, ''],
  [
    'that failed',
    { status: 'failed', reason: 'exit code 3' },
    '<failure type="failed" message="exit code 3">exit code 3log: workers/w.log</failure>',
  ],
  [
    'that failed more than once',
    {
      status: 'failed',
      reason: 'exit code 3',
      attempts: [attempt(1, cancelled), attempt(2, failed), attempt(3, failed)],
    },
    '<failure type="failed" message="exit code 3">exit code 3log: workers/w.log</failure>' +
      '<rerunFailure type="failed" message="attempt 2: exit code 3"><stackTrace>attempt 2: exit code 3, after 500 ms</stackTrace></rerunFailure>' +
      '<rerunError type="cancelled" message="attempt 1: exit code 1; the broker was lost"><stackTrace>attempt 1: exit code 1; the broker was lost, after 500 ms</stackTrace></rerunError>',
  ],
  [
    'that passed at last',
    { attempts: [attempt(1, failed), attempt(2, cancelled), attempt(3, { status: 'passed' })] },
    '<flakyFailure type="failed" message="attempt 1: exit code 3"><stackTrace>attempt 1: exit code 3, after 500 ms</stackTrace></flakyFailure>' +
      '<flakyError type="cancelled" message="attempt 2: exit code 1; the broker was lost"><stackTrace>attempt 2: exit code 1; the broker was lost, after 500 ms</stackTrace></flakyError>',
  ],
  [
    'that was cancelled when it was run again',
    { status: 'cancelled', reason: 'stopped', attempts: [attempt(1, failed), attempt(2)] },
    '<rerunFailure type="failed" message="attempt 1: exit code 3"><stackTrace>attempt 1: exit code 3, after 500 ms</stackTrace></rerunFailure>' +
      '<skipped message="cancelled: stopped"/>',
  ],
  [
    'that did not stop',
    { status: 'failed-to-stop', reason: 'it was killed and has not ended' },
    '<error type="failed-to-stop" message="it was killed and has not ended">it was killed and has not endedlog: workers/w.log</error>',
  ],
])('says of a worker %s what Surefire would say', async (_, worker, elements) => {
  expect(await caseOf(sampleWorker('w', worker))).toBe(
    `<testcase classname="bgp" name="w" time="4.000">${elements}</testcase>`,
  )
})

it('says of a worker that was never started that it was skipped, and why', async () => {
  const reason = 'fail_fast stops at the first failure'
  expect(await caseOf({ name: 'w', status: 'never-started', reason, attempts: [] })).toBe(
    `<testcase classname="w" name="w" time="0.000"><skipped message="never-started: ${reason}"/></testcase>`,
  )
})

it('takes whatever workers and devices say for text', async () => {
  const reason = `]]> <script>alert("1 & '2'")</script>\u0000\u001b`
  const name = 'w "<1>"'
  const text = await caseOf(sampleWorker(name, { status: 'failed', reason }), `${reason}\ud800 end`)
  expect(text).not.toContain('<script')
  expect(text).toContain('name="w &quot;&lt;1&gt;&quot;"')
  expect(text).toContain('<system-out>]]&gt; &lt;script&gt;')
  expect(text).toContain(' end</system-out>')
})

it('counts, and says what became of the run and of each of its brokers', async () => {
  const statuses = ['passed', 'failed', 'failed', 'cancelled', 'never-started', 'failed-to-stop']
  const report = sampleReport({
    status: 'PARTIAL',
    exitCode: 3,
    reason: '1 of 6 workers passed; best_effort needs 1',
    resumed: 2,
    workers: statuses.map((status, index) =>
      sampleWorker(`bgp-${index}`, { status: status as WorkerReport['status'] }),
    ),
  })
  report.broker.generations.unshift({ generation: 1, startedAt: at(0), lost: 'it crashed' })
  const xml = junit(report, NO_LOGS)
  expect(await xmlErrors(xml, JUNIT_SCHEMA)).toEqual([])
  expect(xml).toContain('tests="6" failures="2" errors="1" skipped="2" time="10.000"')
  expect(xml).toContain('<system-out>PARTIAL: 1 of 6 workers passed; best_effort needs 1<')
  const properties = [...xml.matchAll(/<property name="(.*)" value="(.*)"\/>/g)]
  expect(Object.fromEntries(properties.map(([, name, value]) => [name, value]))).toEqual({
    status: 'PARTIAL',
    exitCode: '3',
    reason: '1 of 6 workers passed; best_effort needs 1',
    runId: 'the-run',
    resumed: '2',
    testbed: '/lab/testbed.yaml',
    policy: 'restart,abort',
    'failurePolicy.name': 'best_effort',
    'failurePolicy.minAgentsRequired': '1',
    'failurePolicy.retryAttempts': '1',
    'failurePolicy.retryDelayMs': '500',
    'broker.generation': '1',
    'broker.restarts': '0',
    'broker.generations.1.lost': 'it crashed',
  })
})

test.each([
  ['ABORTED', 'cancelled', 'the broker was lost and is not restarted'],
  ['FAILED', 'never-started', '1 of 1 devices cannot be used'],
] as const)('shows a run that is %s as an error, if its worker is only %s', async (...row) => {
  const [status, ended, reason] = row
  const workers = [sampleWorker('bgp-1', { status: ended, reason })]
  const xml = junit(sampleReport({ status, exitCode: 4, reason, workers }), NO_LOGS)
  expect(await xmlErrors(xml, JUNIT_SCHEMA)).toEqual([])
  expect(xml).toContain('tests="2" failures="0" errors="1" skipped="1"')
  expect(xml).toContain(`<error type="${status}" message="${reason}">${status}: ${reason}</error>`)
})

it('shows nothing but workers where one of them failed', () => {
  const workers = [sampleWorker('bgp-1', { status: 'failed', reason: 'exit code 1' })]
  const xml = junit(sampleReport({ status: 'FAILED', exitCode: 1, workers }), NO_LOGS)
  expect(xml).toContain('tests="1" failures="1" errors="0" skipped="0"')
})
