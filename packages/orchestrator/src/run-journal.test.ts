import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { VirtualClock } from '@nac-broker/supervisor'
import type { AttemptReport, WorkerReport } from './report.ts'
import { RunJournal } from './run-journal.ts'

const RUN = {
  runId: 'run-1',
  startedAt: '2026-01-01T00:00:00.000Z',
  testbed: '/lab/testbed.yaml',
  workers: ['bgp-1', 'bgp-2', 'ospf'],
}

let file: string

beforeEach(() => {
  const directory = mkdtempSync(path.join(tmpdir(), 'nac-broker-journal-'))
  file = path.join(directory, 'journal.jsonl')
  return () => rmSync(directory, { recursive: true })
})

function report(name: string, status: WorkerReport['status']): WorkerReport {
  return { name, status, attempts: [] }
}

const START = '2026-01-01T00:00:01.000Z'

const PAUSE = { from: '2026-01-01T00:00:02.000Z', to: '2026-01-01T00:01:00.000Z' }

function ended(attempt: number, status: AttemptReport['status']): AttemptReport {
  return { attempt, status, startedAt: START, durationMs: 5 }
}

async function sleeper(): Promise<ChildProcess> {
  const child = spawn('sleep', ['60'], { detached: true })
  await once(child, 'spawn')
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

describe('a run that is resumed', () => {
  test('has the workers that passed, the attempts of each, and whose processes may live', async () => {
    const child = await sleeper()
    {
      using journal = RunJournal.begin(file, RUN)
      journal.attempt('bgp-1', 1, START, process.pid)
      journal.attemptEnded('bgp-1', ended(1, 'passed'))
      journal.ended(report('bgp-1', 'passed'))
      journal.attempt('bgp-2', 1, START, process.pid)
      journal.attemptEnded('bgp-2', ended(1, 'failed'))
      journal.ended(report('bgp-2', 'failed'))
      journal.attempt('ospf', 1, START, process.pid)
      journal.attemptEnded('ospf', ended(1, 'failed'))
      journal.attempt('ospf', 2, START, child.pid ?? 0)
    }
    const killedAt = new Date(Date.parse(START) + 700)
    utimesSync(file, killedAt, killedAt)
    const before = RunJournal.unfinished(file, RUN)
    expect(before).toMatchObject({ runId: 'run-1', startedAt: RUN.startedAt })
    expect([...before.passed.keys()]).toEqual(['bgp-1'])
    expect([...before.attempts]).toEqual([
      ['bgp-1', [ended(1, 'passed')]],
      ['bgp-2', [ended(1, 'failed')]],
      [
        'ospf',
        [
          ended(1, 'failed'),
          {
            attempt: 2,
            status: 'cancelled',
            startedAt: START,
            durationMs: 700,
            reason: 'its orchestrator ended first',
          },
        ],
      ],
    ])
    expect(before.processes.map(({ pid }) => pid)).toEqual([child.pid])
    expect(before).toMatchObject({ lastSeen: killedAt.toISOString(), isCutOff: true, pauses: [] })
  })

  test('is told of what was written before the last line was cut off, and of what comes after', () => {
    {
      using journal = RunJournal.begin(file, RUN)
      journal.ended(report('bgp-1', 'passed'))
    }
    appendFileSync(file, '{"line":"ended","report":{"name":"bgp-2","sta')
    {
      expect([...RunJournal.unfinished(file, RUN).passed.keys()]).toEqual(['bgp-1'])
      using journal = RunJournal.goOn(file, PAUSE)
      journal.ended(report('ospf', 'passed'))
    }
    const before = RunJournal.unfinished(file, RUN)
    expect([...before.passed.keys()]).toEqual(['bgp-1', 'ospf'])
  })

  test('knows its pauses, and that an attempt ended with its orchestrator, not with the next one', () => {
    {
      using journal = RunJournal.begin(file, RUN)
      journal.attempt('ospf', 1, START, process.pid)
    }
    RunJournal.goOn(file, PAUSE)[Symbol.dispose]()
    const { pauses, attempts, resumed } = RunJournal.unfinished(file, RUN)
    expect({ pauses, resumed }).toEqual({ pauses: [PAUSE], resumed: 1 })
    expect(attempts.get('ospf')).toMatchObject([{ attempt: 1, durationMs: 1_000 }])
  })

  test('knows to a second until when its orchestrator lived, whatever that had to write', async () => {
    const clock = new VirtualClock()
    const lastSeen = (): number => Date.parse(RunJournal.unfinished(file, RUN).lastSeen)
    {
      using _journal = RunJournal.begin(file, RUN, clock)
      await clock.advance(5_400)
      expect(lastSeen()).toBe(5_000)
    }
    await clock.advance(5_000)
    expect(lastSeen()).toBe(5_000)
  })

  test.each([
    ['another testbed', { ...RUN, testbed: '/other.yaml' }, /is of a run with testbed/],
    ['one worker less', { ...RUN, workers: ['bgp-1', 'bgp-2'] }, /with a worker "ospf"/],
    ['one worker more', { ...RUN, workers: [...RUN.workers, 'x'] }, /without a worker "x"/],
  ])('is not one with %s', (_, other, message) => {
    RunJournal.begin(file, RUN)[Symbol.dispose]()
    expect(() => RunJournal.unfinished(file, other)).toThrow(message)
  })

  test('has to be there', () => {
    expect(() => RunJournal.unfinished(file, RUN)).toThrow(/no run to resume; leave out --resume/)
  })
})

test('tells a run that was interrupted, even in good order, from one that came to its end', () => {
  expect(RunJournal.interrupted(file)).toBeUndefined()
  using journal = RunJournal.begin(file, RUN)
  journal.ended(report('bgp-1', 'passed'))
  const interrupted = { runId: 'run-1', workers: 3, passed: 1 }
  expect(RunJournal.interrupted(file)).toEqual(interrupted)
  journal.finished('ABORTED')
  expect(RunJournal.interrupted(file)).toEqual(interrupted)
  journal.finished('FAILED')
  expect(RunJournal.interrupted(file)).toBeUndefined()
})

test('is complete when all have passed, and for the same run only', () => {
  using journal = RunJournal.begin(file, RUN)
  journal.finished('FAILED')
  expect(RunJournal.isComplete(file, RUN)).toBe(false)
  journal.finished('COMPLETE')
  expect(RunJournal.isComplete(file, RUN)).toBe(true)
  expect(RunJournal.isComplete(file, { ...RUN, workers: ['bgp-1'] })).toBe(false)
})
