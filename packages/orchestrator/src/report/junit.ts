import type { AttemptReport, RunReport, WorkerReport } from '../report.ts'
import { duration } from './format.ts'
import { type Markup, markup } from './markup.ts'

const SUITE = 'nac-broker run'

/**
 * A run as a JUnit test suite, a test case per worker, in the words of Surefire that Jenkins, GitLab and
 * GitHub's actions understand. A run that failed or was aborted although no worker failed has a case of
 * its own, an error: its workers were skipped, which viewers take for a success. `logTails` has the end
 * of each worker's log.
 */
export function junit(report: RunReport, logTails: ReadonlyMap<string, string>): string {
  const { status, reason, workers } = report
  const time = seconds(report.durationMs)
  const outcome = reason === undefined ? status : `${status}: ${reason}`
  const has = (verdict: Verdict): number =>
    workers.filter((one) => verdictOf(one) === verdict).length
  const failed = status === 'FAILED' || status === 'ABORTED'
  const byItself = failed && has('failure') + has('error') === 0
  const more = byItself ? 1 : 0
  const counts = markup`tests="${workers.length + more}" failures="${has('failure')}" errors="${has('error') + more}"`
  const runCase = markup`<testcase classname="nac-broker" name="run" time="${time}">
<error type="${status}" message="${reason}">${outcome}</error>
</testcase>
`
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${SUITE}" ${counts} time="${time}">
<testsuite name="${SUITE}" ${counts} skipped="${has('skipped')}" time="${time}" timestamp="${report.startedAt}">
<properties>
${properties(report).map(([name, value]) => markup`<property name="${name}" value="${value}"/>\n`)}</properties>
${workers.map((worker) => testCase(worker, logTails.get(worker.name) ?? ''))}${byItself && runCase}<system-out>${outcome}</system-out>
</testsuite>
</testsuites>
`.text
}

/** What is to be found in the report, by its path there. */
function properties(report: RunReport): [name: string, value: string | number][] {
  const { status, exitCode, reason, runId, resumed, testbed, policy, failurePolicy, broker } =
    report
  const given = {
    status,
    exitCode,
    reason,
    runId,
    resumed,
    testbed,
    policy,
    'failurePolicy.name': failurePolicy.name,
    'failurePolicy.minAgentsRequired': failurePolicy.minAgentsRequired,
    'failurePolicy.retryAttempts': failurePolicy.retryAttempts,
    'failurePolicy.retryDelayMs': failurePolicy.retryDelayMs,
    'broker.generation': broker.generation,
    'broker.restarts': broker.restarts,
  }
  const lost = broker.generations.map(
    (one) => [`broker.generations.${one.generation}.lost`, one.lost] as const,
  )
  return [...Object.entries(given), ...lost].flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
}

type Verdict = 'passed' | 'failure' | 'skipped' | 'error'

function verdictOf({ status }: WorkerReport): Verdict {
  switch (status) {
    case 'passed':
      return 'passed'
    case 'failed':
      return 'failure'
    case 'cancelled':
    case 'never-started':
      return 'skipped'
    case 'failed-to-stop':
      return 'error'
  }
}

function testCase(worker: WorkerReport, logTail: string): Markup {
  const { name, group = name, status, durationMs = 0, attempts, log } = worker
  const { reason = status } = worker
  const verdict = verdictOf(worker)
  const details = log === undefined ? reason : `${reason}\nlog: ${log}`
  const result = {
    passed: undefined,
    failure: markup`<failure type="${status}" message="${reason}">${details}</failure>\n`,
    skipped: markup`<skipped message="${status}: ${reason}"/>\n`,
    error: markup`<error type="${status}" message="${reason}">${details}</error>\n`,
  }[verdict]
  const earlier = attempts.slice(0, -1)
  const ended = (how: AttemptReport['status']): Markup[] =>
    earlier.filter((one) => one.status === how).map((one) => earlierAttempt(verdict, one))
  // Surefire's schema has them in this order.
  const elements =
    verdict === 'failure'
      ? [result, ended('failed'), ended('cancelled')]
      : [ended('failed'), result, ended('cancelled')]
  return markup`<testcase classname="${group}" name="${name}" time="${seconds(durationMs)}">
${elements}${logTail !== '' && markup`<system-out>${logTail}</system-out>\n`}</testcase>
`
}

/** Of a test that passes at last Surefire says `flaky`, of any other `rerun`. */
function earlierAttempt(verdict: Verdict, one: AttemptReport): Markup {
  const { attempt, status, durationMs, reason = status } = one
  const said = `attempt ${attempt}: ${reason}`
  const content = markup` type="${status}" message="${said}"><stackTrace>${said}, after ${duration(durationMs)}</stackTrace>`
  const what = status === 'failed' ? 'Failure' : 'Error'
  return verdict === 'passed'
    ? markup`<flaky${what}${content}</flaky${what}>\n`
    : markup`<rerun${what}${content}</rerun${what}>\n`
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
