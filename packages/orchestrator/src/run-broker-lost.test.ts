import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Host, processHost, threadHost } from '@nac-broker/broker'
import { systemClock } from '@nac-broker/supervisor'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunConfig, RunEvent, RunOptions } from './run-options.ts'
import { type Ran, type RunLab, startRunLab, tally } from './run.fixture.ts'
import type { WorkerSpec } from './worker-plan.ts'

let lab: RunLab

beforeAll(async () => {
  lab = await startRunLab()
})

afterAll(() => lab[Symbol.asyncDispose]())

const PROGRAM = path.join(import.meta.dirname, 'asking-worker.fixture.ts')

/** A worker that asks the broker until `stopFile` is there. */
function asking(stopFile: string, ...flags: string[]): WorkerSpec {
  return {
    name: 'asks',
    command: [process.execPath, PROGRAM, stopFile, ...flags],
    instances: { kind: 'one' },
  }
}

interface Killed extends Ran {
  turns: string[]
  /** How many checkpoints the run knows of at its end. */
  checkpoints: (worker: string) => number
}

/** A run whose broker is killed when the worker that asks has had its first answer. */
async function runAndKill(
  startHost: Host,
  workers: readonly WorkerSpec[],
  { broker, ...config }: Partial<RunConfig>,
  onTurn: (turn: string) => void = () => {},
): Promise<Killed> {
  let kill = (): void => {}
  const host: Host = (onMessage) => {
    const hosted = startHost(onMessage)
    return {
      ...hosted,
      post(message) {
        if (message.type === 'start') kill = () => hosted.kill()
        hosted.post(message)
      },
    }
  }
  const turns: string[] = []
  let checkpoints: Killed['checkpoints'] = () => 0
  const options: RunOptions = {
    onLine(_, line) {
      if (line === 'up') kill()
    },
    onEvent(event: RunEvent) {
      if (event.event === 'started') {
        checkpoints = (worker) => event.activity(worker).checkpoints
      }
      if (event.event !== 'broker') return
      turns.push(event.turn.event)
      onTurn(event.turn.event)
    },
  }
  const ran = await lab.run(workers, { ...config, broker: { ...broker, host } }, options)
  return { ...ran, turns, checkpoints }
}

const lost = expect.stringContaining('the broker crashed') as string
const time = expect.stringMatching(/^\d{4}-.*Z$/) as string
const pid = expect.any(Number) as number

describe('when the broker is killed', () => {
  it.each(['fail_fast', 'best_effort'] as const)(
    'a run under abort and %s is ABORTED; its workers are cancelled, none has failed',
    async (name) => {
      const one = { instances: { kind: 'one' } } as const
      const workers: WorkerSpec[] = [
        { name: 'passes', command: ['true'], ...one },
        { name: 'sleeps', command: ['sleep', '60'], ...one },
        asking('never'),
      ]
      const { report, written, turns } = await runAndKill(processHost, workers, {
        broker: { crashPolicy: ['abort'] },
        failurePolicy: { name, minAgentsRequired: 1 },
      })
      expect(report).toMatchObject({ status: 'ABORTED', exitCode: 4, reason: lost })
      expect(report.reason).toContain('ended with SIGKILL')
      expect(tally(report)).toEqual({ passed: 1, cancelled: 2 })
      expect(report.devices).toEqual([{ name: 'sim-1' }])
      expect(report.broker).toMatchObject({
        generation: 1,
        restarts: 0,
        generations: [{ generation: 1, startedAt: time, endedAt: time, pid, lost }],
      })
      expect(written).toEqual(report)
      expect(turns).toEqual(['broker-lost', 'aborted'])
    },
  )

  it.each(['fallback', 'restart'] as const)(
    'a run under %s counts the checkpoints that a worker makes while there is none',
    async (crashPolicy) => {
      const script = `
        import { connect } from '${import.meta.resolve('@nac-broker/client')}'
        await using broker = await connect()
        await broker.checkpoint(1)
        const events = broker.events()
        console.log('up')
        for await (const { event } of events) if (event === 'lost') break
        await broker.checkpoint(2)`
      const command = [process.execPath, '--input-type=module', '-e', script]
      const workers: WorkerSpec[] = [{ name: 'w', command, instances: { kind: 'one' } }]
      const killed = await runAndKill(processHost, workers, { broker: { crashPolicy } })
      expect(killed.checkpoints('w')).toBe(2)
    },
  )

  it('a run under restart goes on, and its report has both generations', async () => {
    const stopFile = lab.path('restarted')
    const { report, turns } = await runAndKill(
      threadHost,
      [asking(stopFile)],
      { broker: { crashPolicy: ['restart', 'abort'] } },
      (turn) => void (turn === 'listening' && writeFile(stopFile, '')),
    )
    expect(report).toMatchObject({ status: 'COMPLETE', exitCode: 0 })
    expect(report.broker).toMatchObject({
      generation: 2,
      restarts: 1,
      generations: [
        { generation: 1, startedAt: time, endedAt: time, pid, lost },
        { generation: 2, startedAt: time, endedAt: time, pid },
      ],
    })
    expect(report.broker.generations[1]).not.toHaveProperty('lost')
    expect(turns).toEqual(['broker-lost', 'restarting', 'listening'])
  })

  it('a worker that failed with it has its turn again when the next one is there', async () => {
    const stopFile = lab.path('retried')
    const { report } = await runAndKill(
      threadHost,
      [asking(stopFile, '--abort')],
      {
        broker: { crashPolicy: ['restart', 'abort'] },
        failurePolicy: { name: 'retry_once', retryDelayMs: 0 },
      },
      (turn) => void (turn === 'listening' && writeFile(stopFile, '')),
    )
    expect(report).toMatchObject({
      status: 'COMPLETE',
      workers: [{ status: 'passed', attempts: [{ status: 'failed' }, { status: 'passed' }] }],
    })
  })

  it('a worker that fails after it has fallen back has failed by itself', async () => {
    const { report, turns } = await runAndKill(threadHost, [asking('never', '--abort')], {
      broker: { crashPolicy: ['fallback'] },
    })
    expect(report).toMatchObject({ status: 'FAILED', exitCode: 1, broker: { restarts: 0 } })
    expect(report.workers).toMatchObject([{ status: 'failed', exitCode: 1 }])
    expect(turns).toEqual(['broker-lost', 'fallback'])
  })

  it('a worker falls back as soon as restarting is given up, long before its own patience ends', async () => {
    const stopFile = lab.path('given-up')
    let doomed = false
    const launched: ReturnType<Host>[] = []
    const host: Host = (onMessage) => {
      const hosted = threadHost((message) => {
        onMessage(message)
        if (message.type === 'ready' && doomed) hosted.kill()
      })
      launched.push(hosted)
      return hosted
    }
    const turns: string[] = []
    let givenUpMs = Infinity
    let directMs = Infinity
    const { report } = await lab.run(
      [asking(stopFile)],
      { broker: { crashPolicy: ['restart', 'fallback'], host } },
      {
        clock: { ...systemClock, random: () => 0.1 },
        onLine(_, line) {
          if (line === 'direct') {
            directMs = performance.now()
            return writeFile(stopFile, '')
          }
          doomed = true
          for (const hosted of launched) hosted.kill()
        },
        onEvent(event) {
          if (event.event !== 'broker') return
          turns.push(event.turn.event)
          givenUpMs = performance.now()
        },
      },
    )
    expect(turns.at(-1)).toBe('fallback')
    expect(report).toMatchObject({ status: 'COMPLETE', broker: { restarts: 5 } })
    // It takes half a second, on a machine that has time; its patience, 30 s since the first crash.
    expect(directMs - givenUpMs).toBeLessThan(10_000)
  }, 120_000)
})
