import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Clock, systemClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { Actor } from './actor-process.fixture.ts'
import { ownerOf } from './owner.ts'
import type { AcquireOptions } from './session-ledger.ts'
import { openStore } from './temporary.fixture.ts'

const clock: Clock = systemClock
const acquire = { do: 'acquire', device: 'r1', maxPerDevice: 1, waitMs: 15_000 } as const
const request = (waitMs: number): AcquireOptions => ({
  device: 'r1',
  owner: ownerOf(null),
  maxPerDevice: 1,
  maxTotal: 10,
  deadlineMs: clock.now() + waitMs,
})

it('reaps the lease of a killed process, and leaves that of a stopped one alone', async () => {
  const { path, ledger } = await openStore()
  await using actor = await Actor.start(path)
  await actor.perform(acquire)
  actor.signal('SIGSTOP')
  await expect(ledger.acquire(request(300))).rejects.toMatchObject({
    code: 'SESSION_LIMIT',
    message: expect.stringContaining(`held by pid ${actor.pid} (direct)`) as string,
  })
  await actor.kill()
  await ledger.acquire(request(0))
})

it('lets a lease last as long as the process that its session runs in', async () => {
  const { path, ledger } = await openStore()
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] })
  await using actor = await Actor.start(path)
  await actor.perform({ ...acquire, childPid: child.pid ?? 0 })
  await actor.kill()
  await expect(ledger.acquire(request(0))).rejects.toMatchObject({
    message: expect.stringContaining(`pid ${actor.pid} (direct) with child ${child.pid}`) as string,
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  await ledger.acquire(request(0))
})

it('serves processes in the order in which they came, and passes over one that was killed', async () => {
  const { path, ledger } = await openStore()
  const held = await ledger.acquire(request(0))
  await using stack = new AsyncDisposableStack()
  const actors = await Promise.all([0, 1, 2, 3].map(() => Actor.start(path)))
  for (const actor of actors) stack.use(actor)
  const served: number[] = []
  const turns: Promise<void>[] = []
  const takeTurn = async (actor: Actor, n: number): Promise<void> => {
    await actor.perform(acquire)
    served.push(n)
    await actor.perform({ do: 'release' })
  }
  for (const [n, actor] of actors.entries()) {
    const waiting = actor.isWaiting()
    turns.push(takeTurn(actor, n))
    expect(await waiting).toBe(n)
  }
  await actors[1]?.kill()
  await held.release()
  const ends = await Promise.allSettled(turns)
  expect(ends.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, true])
  expect(served).toEqual([0, 2, 3])
  expect(await ledger.leases()).toEqual([])
})
