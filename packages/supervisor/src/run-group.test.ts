import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { type GroupResult, type MemberSpec, runGroup } from './run-group.ts'
import { controlledServe, deaf, obedient } from './supervised.fixture.ts'
import type { Serve } from './supervision.ts'
import { VirtualClock } from './virtual-clock.ts'

const stop = new Error('the user pressed a key')
const works: Serve = async () => {}
const crashes: Serve = () => Promise.reject(new Error('out of ink'))

function statuses({ members }: GroupResult): [string, string][] {
  return members.map(({ name, status }) => [name, status])
}

describe('a group', () => {
  test('without members returns at once', async () => {
    expect(await runGroup([])).toEqual({ members: [], caught: undefined })
  })

  test('runs its members side by side', async () => {
    const clock = new VirtualClock()
    const members = Array.from({ length: 50 }, (_, index) => ({
      name: `member-${index}`,
      serve: () => clock.sleep(1_000),
    }))
    const group = runGroup(members, { clock })
    await clock.advance(1_000)
    const result = await group
    expect(result.members.map(({ status }) => status)).toEqual(members.map(() => 'ok'))
    expect(result.members.map(({ name }) => name)).toEqual(members.map(({ name }) => name))
  })

  test('restarts a member that crashes and lets its siblings be', async () => {
    const clock = new VirtualClock()
    const sick = controlledServe()
    const well = controlledServe()
    const members: MemberSpec[] = [
      { name: 'sick', serve: sick.serve },
      { name: 'well', serve: well.serve },
    ]
    const group = runGroup(members, { clock })
    sick.runs[0]?.crash()
    await clock.advance(100)
    sick.runs[1]?.finish()
    await clock.advance(60_000)
    expect(well.runs).toHaveLength(1)
    expect(well.runs[0]?.signal.aborted).toBe(false)
    well.runs[0]?.finish()
    expect(await group).toMatchObject({
      members: [
        { name: 'sick', status: 'ok', crashes: [{ attempt: 1 }] },
        { name: 'well', status: 'ok', crashes: [] },
      ],
    })
  })

  test('goes on when restarting a member is given up, and says why it failed', async () => {
    const clock = new VirtualClock()
    const well = controlledServe()
    const group = runGroup(
      [
        { name: 'hopeless', serve: crashes },
        { name: 'once', serve: crashes, options: { restart: 'temporary' } },
        { name: 'well', serve: well.serve },
      ],
      { clock },
    )
    await clock.advance(60_000)
    well.runs[0]?.finish()
    const { members } = await group
    expect(members).toMatchObject([
      { status: 'failed', because: 'restart-intensity' },
      { status: 'failed', because: 'temporary' },
      { status: 'ok' },
    ])
    const [hopeless] = members
    expect(hopeless?.status === 'failed' && hopeless.crashes.length).toBe(6)
  })
})

describe('ending a group', () => {
  test('tells all members at once, the youngest first, and why', async () => {
    const told: string[] = []
    const controller = new AbortController()
    const serve =
      (name: string): Serve =>
      async (run) => {
        run.signal.addEventListener('abort', () => {
          told.push(name)
          expect(run.signal.reason).toBe(stop)
        })
        await obedient(run)
      }
    const group = runGroup(
      ['a', 'b', 'c'].map((name) => ({ name, serve: serve(name) })),
      { signal: controller.signal },
    )
    controller.abort(stop)
    expect(told).toEqual(['c', 'b', 'a'])
    expect(statuses(await group)).toEqual([
      ['a', 'cancelled'],
      ['b', 'cancelled'],
      ['c', 'cancelled'],
    ])
  })

  test('waits for its members to settle, but no longer than the grace', async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    const slow: Serve = async (run) => {
      await obedient(run)
      await clock.sleep(400)
    }
    const group = runGroup(
      [
        { name: 'slow', serve: slow },
        { name: 'deaf', serve: deaf },
        { name: 'done', serve: works },
      ],
      { signal: controller.signal, graceMs: 500, clock },
    )
    let over = false
    void group.then(() => (over = true))
    await clock.advance(1_000)
    controller.abort(stop)
    await clock.advance(499)
    expect(over).toBe(false)
    await clock.advance(1)
    expect(over).toBe(true)
    expect(statuses(await group)).toEqual([
      ['slow', 'cancelled'],
      ['deaf', 'failed-to-stop'],
      ['done', 'ok'],
    ])
    expect(clock.pending).toBe(0)
  })

  test('ends the pause of a member that was about to be restarted', async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    const { serve, runs } = controlledServe()
    const group = runGroup([{ name: 'sick', serve }], { signal: controller.signal, clock })
    runs[0]?.crash()
    await clock.advance(0)
    controller.abort(stop)
    expect(await group).toMatchObject({
      members: [{ status: 'cancelled', crashes: [{ attempt: 1 }] }],
    })
    expect(clock.pending).toBe(0)
  })

  test('keeps what went wrong while a member ended', async () => {
    const failure = new Error('could not flush')
    const controller = new AbortController()
    const serve: Serve = async (run) => {
      await obedient(run)
      throw failure
    }
    const group = runGroup([{ name: 'a', serve }], { signal: controller.signal })
    controller.abort(stop)
    expect((await group).members).toEqual([
      { name: 'a', status: 'cancelled', crashes: [], failure },
    ])
  })

  test('before it began starts nobody', async () => {
    const { serve, runs } = controlledServe()
    const result = await runGroup([{ name: 'a', serve }], { signal: AbortSignal.abort(stop) })
    expect(statuses(result)).toEqual([['a', 'never-started']])
    expect(runs).toHaveLength(0)
  })
})

describe('a limit on how many run at a time', () => {
  test('is flat: whoever is done makes room for the next, in the order of the specs', async () => {
    const clock = new VirtualClock()
    const started: string[] = []
    const runFor =
      (name: string, ms: number): Serve =>
      () => {
        started.push(`${name} at ${clock.now()}`)
        return clock.sleep(ms)
      }
    const specs: [string, number][] = [
      ['long', 1_000],
      ['short', 100],
      ['brief', 100],
      ['last', 100],
    ]
    const group = runGroup(
      specs.map(([name, ms]) => ({ name, serve: runFor(name, ms) })),
      { maxParallel: 2, clock },
    )
    await clock.advance(1_000)
    expect(started).toEqual(['long at 0', 'short at 0', 'brief at 100', 'last at 200'])
    expect(statuses(await group).map(([name]) => name)).toEqual(specs.map(([name]) => name))
  })

  test('leaves those that wait for their turn unstarted when the group is ended', async () => {
    const controller = new AbortController()
    const waiting = controlledServe()
    const group = runGroup(
      [
        { name: 'first', serve: obedient },
        { name: 'second', serve: waiting.serve },
        { name: 'third', serve: waiting.serve },
      ],
      { maxParallel: 1, signal: controller.signal },
    )
    controller.abort(stop)
    expect(statuses(await group)).toEqual([
      ['first', 'cancelled'],
      ['second', 'never-started'],
      ['third', 'never-started'],
    ])
    expect(waiting.runs).toHaveLength(0)
  })

  test.each([0, -1, Number.NaN])('of %d is refused', async (maxParallel) => {
    await expect(runGroup([{ name: 'a', serve: works }], { maxParallel })).rejects.toThrow(
      `runGroup: maxParallel is ${maxParallel}; give it 1 or more`,
    )
  })
})

describe('the signals of the process', () => {
  test.each([
    { first: 'SIGTERM', second: 'SIGINT' },
    { first: 'SIGINT', second: 'SIGTERM' },
  ] as const)('where installed, $first ends the group, once', async ({ first, second }) => {
    const fixture = path.join(import.meta.dirname, 'run-group.fixture.ts')
    const child = spawn(process.execPath, [fixture], { stdio: ['pipe', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('running')
    child.kill(first)
    expect((await lines.next()).value).toBe('ending')
    child.kill(second)
    expect(JSON.parse((await lines.next()).value ?? '')).toEqual({
      members: [
        { name: 'prompt', status: 'cancelled', crashes: [] },
        { name: 'slow', status: 'cancelled', crashes: [] },
      ],
      caught: first,
      leftBehind: 0,
    })
    expect(await exited).toEqual([0, null])
  })

  test('are left to the process unless asked for', async () => {
    const { serve, runs } = controlledServe()
    const before = process.listenerCount('SIGTERM')
    const group = runGroup([{ name: 'a', serve }])
    expect(process.listenerCount('SIGTERM')).toBe(before)
    runs[0]?.finish()
    await group
  })
})
