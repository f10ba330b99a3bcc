import { neededBy } from '../failure-policy.ts'
import type { RunReport } from '../report.ts'
import { count, dateAndTime, duration, inWords, number, policyInWords } from './format.ts'
import { type Markup, markup, type Part } from './markup.ts'

const MEANING = {
  COMPLETE: 'Every worker passed.',
  PARTIAL: 'The failure policy is satisfied, but not every worker passed.',
  FAILED: 'The failure policy is not satisfied.',
  ABORTED: 'The run was stopped before it was done.',
} as const

/** What became of the run, before anything else. */
export function outcome(report: RunReport): Markup {
  const { status, reason } = report
  return markup`<header class="${status.toLowerCase()}">
<p class="what">nac-broker run</p>
<h1>${status}</h1>
<p class="meaning">${MEANING[status]}${reason !== undefined && markup` <strong>${reason}</strong>`}</p>
<ul class="counts">${countsOf(report).map(([value, what]) => markup`<li><b>${number(value)}</b> ${what}</li>`)}</ul>
<dl>${factsOf(report).map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>`
}

const STATUSES = ['passed', 'failed', 'cancelled', 'never-started', 'failed-to-stop'] as const

function countsOf({ workers, health, broker }: RunReport): [value: number, what: string][] {
  const has = (status: (typeof STATUSES)[number]): number =>
    workers.filter((worker) => worker.status === status).length
  const retries = workers.reduce((sum, one) => sum + Math.max(one.attempts.length - 1, 0), 0)
  const shown: [number, string][] = [
    ...STATUSES.slice(1).map((status): [number, string] => [has(status), inWords(status)]),
    [retries, retries === 1 ? 'retry of a worker' : 'retries of workers'],
    [broker.restarts, broker.restarts === 1 ? 'broker restart' : 'broker restarts'],
    [health.errorCount, health.errorCount === 1 ? 'error' : 'errors'],
  ]
  const commands = health.workers.reduce((sum, one) => sum + one.commands, 0)
  return [
    [has('passed'), `of ${count(workers.length, 'worker')} passed`],
    ...shown.filter(([value]) => value > 0),
    [commands, commands === 1 ? 'command' : 'commands'],
  ]
}

function factsOf(report: RunReport): [name: string, value: Part][] {
  const { failurePolicy, workers, startedAt, durationMs, testbed, policy, exitCode, resumed } =
    report
  const { name, retryAttempts } = failurePolicy
  const needed = neededBy(failurePolicy, workers.length)
  const retries =
    retryAttempts === 0 ? 'no retries' : `each run again up to ${count(retryAttempts, 'time')}`
  return [
    ['Started', `${dateAndTime(startedAt)} UTC`],
    [
      'Took',
      resumed === undefined ? duration(durationMs) : `${duration(durationMs)} since resumed`,
    ],
    ...(resumed === undefined
      ? []
      : [['Resumed', count(resumed, 'time')] satisfies [string, Part]]),
    ['Testbed', testbed],
    ['When a worker fails', `${name}: ${number(needed)} must pass, ${retries}`],
    ['When the broker is lost', policyInWords(policy)],
    ['Exit code', exitCode],
    ['Run', markup`<code>${report.runId}</code>`],
  ]
}
