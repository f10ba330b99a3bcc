import type { CommandEvent } from '@nac-broker/protocol'
import { VirtualClock } from '@nac-broker/supervisor'
import stringWidth from 'string-width'
import { expect, it } from 'vitest'
import type { WorkerActivity } from '../health/health-recorder.ts'
import type { WorkerReport } from '../report.ts'
import { RunView } from './run-view.ts'
import { viewLines } from './view-lines.ts'

const WIDE = { columns: 100, rows: 24, colours: false }

const command: CommandEvent = {
  event: 'command',
  device: 'r1',
  via: 'broker',
  what: 'execute',
  command: 'show version',
  ms: 5,
  from: 'device',
  attempts: 1,
}

interface Watched {
  view: RunView
  clock: VirtualClock
  start: (worker: string, attempt?: number) => void
  end: (worker: string, rest: Pick<WorkerReport, 'status'> & Partial<WorkerReport>) => void
  lines: (frame?: Partial<typeof WIDE>) => string[]
}

function watch(
  toDo: readonly string[],
  {
    activity = {},
    workers = toDo.length,
    maxParallel = toDo.length,
  }: {
    activity?: Record<string, Partial<WorkerActivity>>
    workers?: number
    maxParallel?: number
  } = {},
): Watched {
  const clock = new VirtualClock()
  const view = new RunView(
    {
      event: 'started',
      workers,
      toDo,
      maxParallel,
      activity: (worker) => ({ commands: 0, checkpoints: 0, ...activity[worker] }),
      socketPath: '/run/broker',
      brokerPid: 1,
      reportDir: '/report',
    },
    clock,
  )
  return {
    view,
    clock,
    start: (worker, attempt = 1) => view.take({ event: 'worker-started', worker, attempt }),
    end: (name, rest) =>
      view.take({ event: 'worker-ended', worker: { name, attempts: [], ...rest } }),
    lines: (frame) => viewLines(view, { ...WIDE, nowMs: clock.now(), ...frame }),
  }
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `w-${index + 1}`)
}

it('shows who failed, runs or is to run again, what they do, and the total', async () => {
  const run = watch(['waits', 'idle', 'asks', 'again', 'retries', 'fails', 'passes', 'stuck'], {
    maxParallel: 6,
    activity: {
      asks: { checkpoints: 12, commands: 34, last: command },
      idle: { checkpoints: 1 },
      again: {
        commands: 1,
        checkpoints: 0,
        last: { ...command, what: 'configure', command: undefined, lines: 3, code: 'CANCELLED' },
      },
    },
  })
  for (const worker of ['idle', 'asks', 'retries', 'fails', 'passes']) run.start(worker)
  await run.clock.advance(65_000)
  run.start('again', 2)
  run.end('passes', { status: 'passed', durationMs: 65_000 })
  run.end('fails', { status: 'failed', durationMs: 65_000, reason: 'exit code 3' })
  run.end('stuck', { status: 'failed-to-stop', durationMs: 65_000, reason: 'it has not ended' })
  const retry = { attempt: 2, delayMs: 4_000, reason: 'exit code 1' }
  run.view.take({ event: 'worker-retrying', worker: 'retries', ...retry })
  await run.clock.advance(1_500)
  expect(run.lines()).toEqual([
    'fails    failed          after 1 min 5 s: exit code 3',
    'stuck    failed-to-stop  after 1 min 5 s: it has not ended',
    'idle     running         1 min 6 s, 1 checkpoint',
    'asks     running         1 min 6 s, 12 checkpoints, 34 commands, r1: show version',
    'again    running         1 s, attempt 2, 1 command, r1: 3 configuration lines (CANCELLED)',
    'retries  retrying        attempt 2 in 3 s: exit code 1',
    '███████░░░░░░░░░░░░░ 3 of 8 workers, 1 min 6 s, about 1 min left: 3 running, 1 retrying, 1 waiting,…',
  ])
})

it('counts those that passed before the run was resumed, and estimates nothing from them', () => {
  const run = watch(['a'], { workers: 4 })
  run.start('a')
  expect(run.lines().at(-1)).toBe('███████████████░░░░░ 3 of 4 workers, 0 s: 1 running, 3 passed')
})

it('says about how long it will take once a worker has finished', async () => {
  const run = watch(names(10), { maxParallel: 1 })
  run.start('w-1')
  await run.clock.advance(40_000)
  expect(run.lines().at(-1)).not.toContain('about')
  run.end('w-1', { status: 'passed', durationMs: 40_000 })
  expect(run.lines().at(-1)).toMatch(/ 40 s, about 6 min left: /)
  for (const name of names(8).slice(1)) run.end(name, { status: 'passed', durationMs: 40_000 })
  run.start('w-9')
  await run.clock.advance(30_000)
  expect(run.lines().at(-1)).toMatch(/ 1 min 10 s, about 50 s left: /)
})

it('tells the last of the broker above the total', () => {
  const run = watch(['a'])
  run.view.tell('broker: generation 1 was lost: no answer')
  run.view.tell('broker: restarted as generation 2')
  expect(run.lines()).toEqual([
    'broker: restarted as generation 2',
    '░░░░░░░░░░░░░░░░░░░░ 0 of 1 worker, 0 s: 1 waiting',
  ])
})

it.each([
  { rows: 24, failed: 0, running: 200, shown: [0, 21], more: '179 more running' },
  { rows: 24, failed: 150, running: 20, shown: [10, 11], more: '140 more failed, 9 more running' },
  { rows: 24, failed: 150, running: 3, shown: [18, 3], more: '132 more failed' },
  { rows: 24, failed: 3, running: 100, shown: [3, 18], more: '82 more running' },
  { rows: 24, failed: 2, running: 20, shown: [2, 20], more: undefined },
  { rows: 4, failed: 1, running: 5, shown: [0, 1], more: '1 more failed, 4 more running' },
  { rows: 3, failed: 1, running: 5, shown: [0, 0], more: '1 more failed, 5 more running' },
  { rows: 2, failed: 1, running: 5, shown: [0, 0], more: undefined },
  { rows: 1, failed: 1, running: 5, shown: [0, 0], more: undefined },
])(
  'on $rows rows shows $shown of $failed failed and $running running of 200',
  ({ rows, failed, running, shown, more }) => {
    const all = names(200)
    const run = watch(all)
    for (const name of all.slice(0, failed)) run.end(name, { status: 'failed', durationMs: 1 })
    for (const name of all.slice(failed, failed + running)) run.start(name)
    const lines = run.lines({ rows })
    const count = (state: string): number =>
      lines.filter((line) => new RegExp(String.raw`^w-\d+ +${state} `).test(line)).length
    expect([count('failed'), count('running')]).toEqual(shown)
    expect(lines.find((line) => line.startsWith('...'))).toBe(more && `... ${more}`)
    expect(lines.at(-1)).toContain(`${failed} of 200 workers`)
    // One row is the cursor's.
    expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1))
  },
)

it.each([1, 2, 10, 20, 40, 79])('fits into %i columns, however wide the characters', (columns) => {
  const worker = `${'路由器'.repeat(20)}-1`
  const last = { ...command, command: 'show 接口 👩‍👩‍👧 '.repeat(20) }
  const run = watch([worker, 'b'], {
    activity: { [worker]: { commands: 1, checkpoints: 0, last } },
  })
  run.start(worker)
  run.start('b')
  for (const colours of [false, true]) {
    const lines = run.lines({ columns, colours })
    expect(lines).toHaveLength(3)
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(columns)
  }
})

it('lets no word of others move the cursor', () => {
  const last = { ...command, command: 'show\n\u001B[2Jversion\u009B1A' }
  const run = watch(['a'], { activity: { a: { commands: 1, checkpoints: 0, last } } })
  run.start('a')
  expect(run.lines()[0]).toBe('a  running  0 s, 1 command, r1: show [2Jversion 1A')
})

it('has colours where they are wanted', () => {
  const run = watch(['a'])
  run.end('a', { status: 'failed', durationMs: 1_000, reason: 'exit code 3' })
  expect(run.lines({ colours: true })[0]).toBe(
    'a  \u001B[31mfailed\u001B[39m  after 1 s: exit code 3',
  )
})
