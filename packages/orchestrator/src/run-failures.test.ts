import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Clock, systemClock, VirtualClock } from '@nac-broker/supervisor'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { FailurePolicyOptions } from './failure-policy-options.ts'
import { Interruption } from './interruption.ts'
import { type RunLab, shell, startRunLab, tally } from './run.fixture.ts'
import type { WorkerSpec } from './worker-plan.ts'

let lab: RunLab

beforeAll(async () => {
  lab = await startRunLab()
})

afterAll(() => lab[Symbol.asyncDispose]())

/**
 * Does a hundred steps, when all are there. Who is named in KILLED, as `worker/attempt`, is killed at the
 * 54th; the others wait at the end where HOLD says so.
 */
const WORK = `
  : > "$UP/$NAC_BROKER_WORKER"
  until [ -e "$UP/w-8" ]; do sleep 0.01; done
  i=0
  while [ $i -lt 100 ]; do
    i=$((i + 1))
    echo "$i %"
    case " $KILLED " in
      *" $NAC_BROKER_WORKER/$NAC_BROKER_ATTEMPT "*) [ $i = 54 ] && kill -KILL $$ ;;
    esac
  done
  [ -z "$HOLD" ] || exec sleep 60
`

interface Work {
  killed: string
  hold?: boolean
}

/** They are started one after the other: when the last one is there, all are. */
async function eightWorkers({ killed, hold = false }: Work): Promise<WorkerSpec> {
  const up = await mkdtemp(lab.path('up-'))
  return shell(WORK, 8, { UP: up, KILLED: killed, ...(hold && { HOLD: '1' }) })
}

it.each<[string, FailurePolicyOptions, Work, object]>([
  [
    'fail_fast',
    { name: 'fail_fast' },
    { killed: 'w-3/1', hold: true },
    { status: 'FAILED', exitCode: 1, tally: { failed: 1, cancelled: 7 } },
  ],
  [
    'best_effort',
    { name: 'best_effort' },
    { killed: 'w-3/1' },
    { status: 'PARTIAL', exitCode: 3, tally: { failed: 1, passed: 7 } },
  ],
  [
    'best_effort that needs all',
    { name: 'best_effort', minAgentsRequired: 8 },
    { killed: 'w-3/1', hold: true },
    { status: 'FAILED', exitCode: 1, tally: { failed: 1, cancelled: 7 } },
  ],
  [
    'best_effort that needs seven',
    { name: 'best_effort', minAgentsRequired: 7 },
    { killed: 'w-3/1' },
    { status: 'PARTIAL', exitCode: 3, tally: { failed: 1, passed: 7 } },
  ],
  [
    'best_effort when all are killed',
    { name: 'best_effort' },
    { killed: 'w-1/1 w-2/1 w-3/1 w-4/1 w-5/1 w-6/1 w-7/1 w-8/1' },
    { status: 'FAILED', exitCode: 1, tally: { failed: 8 } },
  ],
  [
    'retry_once',
    { name: 'retry_once', retryDelayMs: 0 },
    { killed: 'w-3/1' },
    { status: 'COMPLETE', exitCode: 0, tally: { passed: 8 } },
  ],
  [
    'retry_once when it is killed again',
    { name: 'retry_once', retryDelayMs: 0 },
    { killed: 'w-3/1 w-3/2', hold: true },
    { status: 'FAILED', exitCode: 1, tally: { failed: 1, cancelled: 7 } },
  ],
  [
    'continue_if_majority',
    { name: 'continue_if_majority' },
    { killed: 'w-1/1 w-2/1 w-3/1' },
    { status: 'PARTIAL', exitCode: 3, tally: { failed: 3, passed: 5 } },
  ],
  [
    'continue_if_majority in a tie',
    { name: 'continue_if_majority' },
    { killed: 'w-1/1 w-2/1 w-3/1 w-4/1', hold: true },
    { status: 'FAILED', exitCode: 1, tally: { failed: 4, cancelled: 4 } },
  ],
])(
  'ends as documented when workers are killed at 54 percent of their work: %s',
  async (...given) => {
    const [, failurePolicy, work, expected] = given
    const { report, written } = await lab.run([await eightWorkers(work)], { failurePolicy })
    const { status, exitCode } = report
    expect({ status, exitCode, tally: tally(report) }).toEqual(expected)
    expect(written).toEqual(report)
    for (const worker of report.workers.filter((one) => one.status === 'failed')) {
      expect(worker).toMatchObject({ signal: 'SIGKILL', reason: 'killed by SIGKILL' })
    }
  },
)

/** What the device has got, in all runs. */
function lines(): string[] {
  return lab.deviceLog.flatMap((entry) => (entry.event === 'command' ? [entry.line] : []))
}

it('repeats nothing that a worker had finished before it was killed at 54 percent and retried', async () => {
  const [items, killedAfter] = [50, 27]
  const worker = path.join(import.meta.dirname, 'reading-worker.fixture.ts')
  const eight: WorkerSpec = {
    name: 'w',
    command: ['node', worker, String(items), String(killedAfter)],
    instances: { kind: 'count', count: 8 },
    env: { KILLED: 'w-3/1' },
  }
  const { report } = await lab.run([eight], {
    failurePolicy: { name: 'retry_once', retryDelayMs: 0 },
    broker: { maxSessionsPerDevice: 4 },
  })
  const { status, exitCode, workers } = report
  expect({ status, exitCode, tally: tally(report) }).toEqual({
    status: 'COMPLETE',
    exitCode: 0,
    tally: { passed: 8 },
  })
  expect(workers[2]?.attempts).toMatchObject([
    { status: 'failed', signal: 'SIGKILL' },
    { status: 'passed' },
  ])
  const reads = lines().filter((line) => line.startsWith('show nonce w-'))
  const each = workers.flatMap(({ name }) =>
    Array.from({ length: items }, (_, at) => `show nonce ${name}.${at + 1}`),
  )
  expect(reads.toSorted()).toEqual(each.toSorted())
}, 120_000)

it('stops at once when the policy cannot be satisfied any more, and starts nobody else', async () => {
  const failurePolicy = { name: 'best_effort', minAgentsRequired: 3 } as const
  const { report } = await lab.run([shell('exit 1', 4)], { failurePolicy, maxParallel: 1 })
  const reason = 'worker "w-2" failed; best_effort needs 3 of 4 to pass, and only 2 still can'
  expect(report.workers).toMatchObject([
    { status: 'failed', attempts: [{ attempt: 1, exitCode: 1 }] },
    { status: 'failed' },
    { status: 'never-started', reason, attempts: [] },
    { status: 'never-started', reason },
  ])
  expect(report.reason).toBe('0 of 4 workers passed; best_effort needs 3')
})

it('tells of each attempt, in the environment, the log and the report', async () => {
  const script = 'printf "this is $NAC_BROKER_ATTEMPT"; [ $NAC_BROKER_ATTEMPT = 3 ]'
  const retries: unknown[] = []
  const { report, log } = await lab.run(
    [shell(script, 1)],
    { failurePolicy: { name: 'best_effort', retryAttempts: 2, retryDelayMs: 0 } },
    { onEvent: (event) => void (event.event === 'worker-retrying' && retries.push(event)) },
  )
  expect(report).toMatchObject({
    status: 'COMPLETE',
    failurePolicy: { name: 'best_effort', minAgentsRequired: 1, retryAttempts: 2, retryDelayMs: 0 },
    workers: [
      {
        status: 'passed',
        exitCode: 0,
        attempts: [
          { attempt: 1, status: 'failed', exitCode: 1, reason: 'exit code 1' },
          { attempt: 2, status: 'failed', exitCode: 1 },
          { attempt: 3, status: 'passed', exitCode: 0 },
        ],
      },
    ],
  })
  expect(report.workers[0]).not.toHaveProperty('reason')
  expect(retries).toMatchObject([
    { worker: 'w-1', attempt: 2, delayMs: 0, reason: 'exit code 1' },
    { worker: 'w-1', attempt: 3 },
  ])
  expect(await log('w-1')).toBe(
    'this is 1\nnac-broker: attempt 2, after exit code 1\nthis is 2\nnac-broker: attempt 3, after exit code 1\nthis is 3',
  )
})

it('does not wait for a retry when it is interrupted', async () => {
  const stop = new AbortController()
  const { report } = await lab.run(
    [shell('exit 7', 1)],
    { failurePolicy: { retryAttempts: 1, retryDelayMs: 3_600_000 } },
    {
      signal: stop.signal,
      clock: { ...systemClock, random: () => 0.9 },
      onEvent: ({ event }) => {
        if (event === 'worker-retrying') stop.abort(new Interruption('SIGTERM'))
      },
    },
  )
  expect(report).toMatchObject({
    status: 'ABORTED',
    exitCode: 143,
    reason: 'interrupted by SIGTERM',
    workers: [
      {
        status: 'cancelled',
        exitCode: 7,
        reason: 'no attempt 2 after exit code 7: interrupted by SIGTERM',
        attempts: [{ status: 'failed' }],
      },
    ],
  })
})

it('ends workers that hang, and runs them again where attempts are left', async () => {
  const hang = '[ $NAC_BROKER_ATTEMPT = 2 ] || exec sleep 60'
  const one = { command: ['sh', '-c', hang], instances: { kind: 'one' } } as const
  const { report } = await lab.run(
    [
      { name: 'slow', ...one, timeoutMs: 200 },
      { name: 'silent', ...one, idleTimeoutMs: 200 },
    ],
    { failurePolicy: { name: 'retry_once', retryDelayMs: 0 } },
  )
  const again = { attempt: 2, status: 'passed' }
  expect(report).toMatchObject({
    status: 'COMPLETE',
    workers: [
      {
        attempts: [
          { status: 'failed', signal: 'SIGTERM', reason: 'not finished after 0.2 s' },
          again,
        ],
      },
      { attempts: [{ status: 'failed', signal: 'SIGTERM', reason: 'silent for 0.2 s' }, again] },
    ],
  })
})

it('spares a worker that prints nothing as long as it has to do with a device, and ends it when it has not', async () => {
  const idleTimeoutMs = 3_600_000
  // Its hours are the test's, everything else takes the time it takes.
  const hours = new VirtualClock()
  const clock: Clock = {
    ...systemClock,
    wallTime: () => new Date(systemClock.wallTime().getTime() + hours.now()),
    startTimer: (ms, callback) => (ms > 60_000 ? hours : systemClock).startTimer(ms, callback),
  }
  const silent = lab.path('silent')
  const worker = path.join(import.meta.dirname, 'falling-silent-worker.fixture.ts')
  const spec: WorkerSpec = {
    name: 'w',
    command: ['node', worker, silent],
    instances: { kind: 'one' },
    idleTimeoutMs,
  }
  const started = Promise.withResolvers<() => number>()
  const ended: string[] = []
  const running = lab.run(
    [spec],
    {},
    {
      clock,
      onEvent(event) {
        if (event.event === 'started') started.resolve(() => event.activity('w').lastTrafficMs ?? 0)
        if (event.event === 'worker-ended') ended.push(event.worker.name)
      },
    },
  )
  const lastTraffic = await started.promise
  for (let twentyMinutes = 0; twentyMinutes < 9; twentyMinutes++) {
    const nowMs = clock.wallTime().getTime()
    while (lastTraffic() < nowMs && ended.length === 0)
      await Promise.race([lab.nextCommand(), running])
    await hours.advance(idleTimeoutMs / 3)
  }
  expect(ended).toEqual([])

  await writeFile(silent, '')
  while (!lines().includes('show nonce last')) await lab.nextCommand()
  await hours.advance(3 * idleTimeoutMs)
  const { report, log } = await running
  expect(report).toMatchObject({
    status: 'FAILED',
    workers: [{ status: 'failed', signal: 'SIGTERM', reason: 'silent for 3600 s' }],
  })
  expect(await log('w')).toBe('nac-broker: stopped: silent for 3600 s\n')
}, 60_000)

it('asks those that run to end in the reverse of their order when the run is interrupted', async () => {
  const stop = new AbortController()
  const names = new Map<number, string>()
  const kill = vi.spyOn(process, 'kill')
  const { report } = await lab.run(
    [shell('echo $$; exec sleep 60', 5)],
    {},
    {
      signal: stop.signal,
      onLine(worker, pid) {
        names.set(Number(pid), worker)
        if (names.size === 5) stop.abort(new Interruption('SIGTERM'))
      },
    },
  )
  const asked = kill.mock.calls.flatMap(([group, signal]) =>
    signal === 'SIGTERM' ? [names.get(-group)] : [],
  )
  kill.mockRestore()
  expect(asked).toEqual(['w-5', 'w-4', 'w-3', 'w-2', 'w-1'])
  expect(report).toMatchObject({ status: 'ABORTED', exitCode: 143 })
  for (const worker of report.workers)
    expect(worker).toMatchObject({ status: 'cancelled', signal: 'SIGTERM' })
})

it('says of each command why it did not pass, and lets the others go on', async () => {
  const text = lab.path('notes.txt')
  await writeFile(text, 'no program')
  await chmod(text, 0o600)
  const one = (name: string, ...command: string[]): WorkerSpec => ({
    name,
    command,
    instances: { kind: 'one' },
  })
  const { report } = await lab.run(
    [
      one('gone', 'no-such-program'),
      one('text', text),
      one('at-once', 'sh', '-c', 'exit 9'),
      one('fine', 'sh', '-c', 'sleep 60 & exit 0'),
    ],
    { failurePolicy: { name: 'best_effort' } },
  )
  expect(report).toMatchObject({
    status: 'PARTIAL',
    exitCode: 3,
    workers: [
      { status: 'failed', reason: 'cannot start "no-such-program": there is no such program' },
      { status: 'failed', reason: `cannot start "${text}": it is not executable` },
      { status: 'failed', exitCode: 9 },
      { status: 'passed' },
    ],
  })
})

it('runs two hundred workers side by side', async () => {
  const warnings: string[] = []
  const warn = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', warn)
  const { report } = await lab.run([shell('case $NAC_BROKER_WORKER in *0) exit 1; esac', 200)], {
    failurePolicy: { name: 'best_effort', minAgentsRequired: 180 },
  })
  process.off('warning', warn)
  expect(report).toMatchObject({ status: 'PARTIAL', exitCode: 3 })
  expect(tally(report)).toEqual({ passed: 180, failed: 20 })
  expect(warnings).toEqual([])
}, 60_000)

it('does not retry a program that is not there, and judges by its policy at once', async () => {
  const gone = { name: 'gone', command: ['no-such-program'], instances: { kind: 'one' } } as const
  const { report } = await lab.run([gone, shell('sleep 60', 1)], {
    failurePolicy: { name: 'retry_once', retryDelayMs: 60_000 },
  })
  const reason = 'cannot start "no-such-program": there is no such program'
  expect(report).toMatchObject({
    status: 'FAILED',
    workers: [
      { status: 'failed', reason, attempts: [{ attempt: 1, status: 'failed', reason }] },
      { status: expect.stringMatching(/cancelled|never-started/) as string },
    ],
  })
  expect(report.workers[0]?.attempts).toHaveLength(1)
  expect(report.workers[0]?.attempts[0]).not.toHaveProperty('isFutile')
})

it('starts nothing for a policy that cannot be satisfied', async () => {
  const failurePolicy = { name: 'best_effort', minAgentsRequired: 3 } as const
  const started: string[] = []
  await expect(
    lab.run([shell('true', 2)], { failurePolicy }, { onEvent: ({ event }) => started.push(event) }),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  expect(started).toEqual([])
})
