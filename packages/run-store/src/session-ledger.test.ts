import { DatabaseSync } from 'node:sqlite'
import { type Clock, systemClock, VirtualClock } from '@nac-broker/supervisor'
import { describe, expect, it } from 'vitest'
import { ownerOf } from './owner.ts'
import { WAITER_SILENT_MS } from './reaper.ts'
import type { AcquireOptions, SessionLedger } from './session-ledger.ts'
import { openStore, temporaryPath } from './temporary.fixture.ts'

function request(clock: Clock, more: Partial<AcquireOptions> = {}): AcquireOptions {
  const deadlineMs = clock.now() + 10_000
  return { device: 'r1', owner: ownerOf(null), maxPerDevice: 1, maxTotal: 10, deadlineMs, ...more }
}

/** Resolves once the acquire has its place in the queue. */
function queued(
  ledger: SessionLedger,
  clock: Clock,
  more: Partial<AcquireOptions> = {},
): Promise<{ acquired: ReturnType<SessionLedger['acquire']>; before: number }> {
  return new Promise((resolve) => {
    const onWait = (before: number): void => resolve({ acquired, before })
    const acquired = ledger.acquire(request(clock, { ...more, onWait }))
    // Handled by whoever awaits it later.
    acquired.catch(() => {})
  })
}

describe('the session ledger', () => {
  it('leases as many sessions to a device as it may have, and as many in all as the run may', async () => {
    const { ledger } = await openStore()
    const limits = { maxPerDevice: 2, maxTotal: 3 }
    const acquire = (device: string, deadlineMs = systemClock.now()): Promise<unknown> =>
      ledger.acquire(request(systemClock, { ...limits, device, deadlineMs }))
    await acquire('r1')
    await acquire('r1')
    await expect(acquire('r1')).rejects.toMatchObject({
      code: 'SESSION_LIMIT',
      device: 'r1',
      message: `r1: no session slot in time: all 2 sessions that it may have are held by pid ${process.pid} (direct)`,
    })
    await acquire('r2')
    await expect(acquire('r3')).rejects.toMatchObject({
      code: 'SESSION_LIMIT',
      message: `r3: no session slot in time: 3 of the run's 3 sessions are held by pid ${process.pid} (direct)`,
    })
    expect((await ledger.leases()).map(({ device }) => device)).toEqual(['r1', 'r1', 'r2'])
  })

  it('serves first who came first, at once when the release is in this process', async () => {
    const clock = new VirtualClock()
    const { ledger } = await openStore(temporaryPath(), { clock })
    const first = await ledger.acquire(request(clock))
    const second = await queued(ledger, clock)
    const third = await queued(ledger, clock)
    expect([second.before, third.before]).toEqual([0, 1])
    await first.release()
    // The virtual clock stands still: nobody looks because of the time.
    const lease = await second.acquired
    expect((await ledger.leases()).map(({ id }) => id)).toEqual([lease.id])
    await lease.release()
    await (await third.acquired).release()
    expect(await ledger.leases()).toEqual([])
  })

  it('does not let one who waits for a full device hold up another device', async () => {
    const { ledger } = await openStore()
    const held = await ledger.acquire(request(systemClock))
    const waiting = await queued(ledger, systemClock)
    await ledger.acquire(request(systemClock, { device: 'r2', deadlineMs: systemClock.now() }))
    await held.release()
    expect((await waiting.acquired).device).toBe('r1')
  })

  it('keeps the last slot of the run for who waited for it before', async () => {
    const { ledger } = await openStore()
    const limits = { maxPerDevice: 5, maxTotal: 1 }
    const held = await ledger.acquire(request(systemClock, limits))
    const second = await queued(ledger, systemClock, { ...limits, device: 'r2' })
    const third = await queued(ledger, systemClock, { ...limits, device: 'r3' })
    expect([second.before, third.before]).toEqual([0, 1])
    await held.release()
    await (await second.acquired).release()
    await (await third.acquired).release()
  })

  it('says whether others wait for what a session to this device would free', async () => {
    const { ledger } = await openStore()
    const limits = { maxPerDevice: 1, maxTotal: 2 }
    const r1 = await ledger.acquire(request(systemClock, { ...limits, device: 'r1' }))
    await ledger.acquire(request(systemClock, { ...limits, device: 'r2' }))
    expect(await ledger.othersWait('r1')).toBe(false)
    await queued(ledger, systemClock, { ...limits, device: 'r2' })
    expect([await ledger.othersWait('r1'), await ledger.othersWait('r2')]).toEqual([false, true])
    expect(await ledger.wants(ownerOf(1))).toEqual({ devices: ['r2'], any: false })
    const forR3 = await queued(ledger, systemClock, { ...limits, device: 'r3' })
    // Any session would make room for r3, as the run has no more.
    expect(await ledger.othersWait('r1')).toBe(true)
    expect(await ledger.wants(ownerOf(1))).toEqual({ devices: ['r2'], any: true })
    expect(await ledger.wants(ownerOf(null))).toEqual({ devices: [], any: false })
    await r1.release()
    await forR3.acquired
    expect(await ledger.othersWait('r3')).toBe(false)
  })

  it('ends the wait with the reason of the signal, and leaves no place in the queue', async () => {
    const clock = new VirtualClock()
    const { ledger } = await openStore(temporaryPath(), { clock })
    await ledger.acquire(request(clock))
    const reason = new Error('the caller left')
    const controller = new AbortController()
    const { acquired } = await queued(ledger, clock, { signal: controller.signal })
    expect(await ledger.othersWait('r1')).toBe(true)
    controller.abort(reason)
    await expect(acquired).rejects.toBe(reason)
    expect(await ledger.othersWait('r1')).toBe(false)
    expect(clock.pending).toBe(0)
    const late = ledger.acquire(request(clock, { signal: AbortSignal.abort(reason) }))
    await expect(late).rejects.toBe(reason)
  })

  it('gives a slot back that came after the caller had left', async () => {
    const { ledger } = await openStore()
    const controller = new AbortController()
    const acquired = ledger.acquire(request(systemClock, { signal: controller.signal }))
    controller.abort(new Error('the caller left'))
    await expect(acquired).rejects.toThrow('the caller left')
    expect(await ledger.leases()).toEqual([])
  })

  it('gives up at the deadline, and says who waited before', async () => {
    const clock = new VirtualClock()
    const { ledger } = await openStore(temporaryPath(), { clock })
    await ledger.acquire(request(clock))
    await queued(ledger, clock)
    const { acquired } = await queued(ledger, clock, { deadlineMs: clock.now() + 500 })
    await clock.advance(499)
    expect(await ledger.othersWait('r1')).toBe(true)
    await clock.advance(1)
    await expect(acquired).rejects.toMatchObject({
      code: 'SESSION_LIMIT',
      message: expect.stringMatching(/, and 1 waited before$/) as string,
    })
  })

  it('frees as soon as it can be written what could not be when it was released', async () => {
    const file = temporaryPath()
    const clock = new VirtualClock()
    const { ledger } = await openStore(file, { clock })
    const lease = await ledger.acquire(request(clock))
    using another = new DatabaseSync(file)
    another.exec('BEGIN IMMEDIATE')
    const released = lease.release()
    await clock.advance(10_000)
    await released
    another.exec('COMMIT')
    expect(await ledger.leases()).toHaveLength(1)
    await clock.advance(10_000)
    expect(await ledger.leases()).toEqual([])
  })

  it('refuses a second release, and whatever else is done with a lease after it', async () => {
    const { ledger } = await openStore()
    const lease = await ledger.acquire(request(systemClock))
    await lease.release()
    await expect(lease.release()).rejects.toMatchObject({ code: 'INTERNAL' })
    await expect(lease.setChildPid(process.pid)).rejects.toMatchObject({ code: 'INTERNAL' })
    await lease[Symbol.asyncDispose]()
  })
})

describe('a generation in the ledger', () => {
  it('loses its leases when it has ended, not before, though its process lives on', async () => {
    const { ledger, generations } = await openStore()
    await generations.begin(1, ownerOf(1))
    const ofFirst = await ledger.acquire(request(systemClock, { owner: ownerOf(1) }))
    const deadlineMs = systemClock.now()
    await expect(ledger.acquire(request(systemClock, { deadlineMs }))).rejects.toMatchObject({
      code: 'SESSION_LIMIT',
      message: expect.stringContaining(`pid ${process.pid} (generation 1)`) as string,
    })
    await generations.end(1)
    await generations.begin(2, ownerOf(2))
    const lease = await ledger.acquire(request(systemClock, { owner: ownerOf(2), deadlineMs }))
    // What the old one still says about its lease does no harm to the new one's.
    await ofFirst.release()
    expect((await ledger.leases()).map(({ id }) => id)).toEqual([lease.id])
  })

  it('gets no lease once it has ended, not even as one who waited before', async () => {
    const { ledger, generations } = await openStore()
    await generations.begin(1, ownerOf(1))
    const held = await ledger.acquire(request(systemClock))
    const { acquired } = await queued(ledger, systemClock, { owner: ownerOf(1) })
    await generations.end(1)
    await held.release()
    await expect(acquired).rejects.toMatchObject({ code: 'GENERATION_ENDED' })
    const again = ledger.acquire(request(systemClock, { owner: ownerOf(1) }))
    await expect(again).rejects.toMatchObject({ code: 'GENERATION_ENDED' })
    expect(await ledger.othersWait('r1')).toBe(false)
  })
})

describe('a waiter that shows no life', () => {
  it('loses its place after a while, and joins again at the end when it wakes up', async () => {
    const path = temporaryPath()
    // Two processes as their clocks see it: the one whose clock stands still is stopped.
    const stopped = new VirtualClock()
    const clock = new VirtualClock()
    const { ledger: ofStopped } = await openStore(path, { clock: stopped })
    const { ledger } = await openStore(path, { clock })
    const held = await ledger.acquire(request(clock, { deadlineMs: 60_000 }))
    const sleeper = await queued(ofStopped, stopped, { deadlineMs: 60_000 })
    const next = await queued(ledger, clock, { deadlineMs: 60_000 })
    expect(next.before).toBe(1)
    await held.release()
    await clock.advance(WAITER_SILENT_MS)
    expect(await ledger.leases()).toEqual([])
    await clock.advance(WAITER_SILENT_MS)
    const lease = await next.acquired
    await stopped.advance(clock.now())
    expect(await ledger.leases()).toHaveLength(1)
    await lease.release()
    await stopped.advance(1000)
    await (await sleeper.acquired).release()
  })
})
