import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { withDeadline } from './deadline.ts'
import { VirtualClock } from './virtual-clock.ts'

const late = new Error('r1: no answer within 100 ms')
const never = new Promise<never>(() => {})
const onTimeout = (): Error => late

describe('waiting with a deadline', () => {
  test('returns what the promise resolves to, and leaves no timer behind', async () => {
    const clock = new VirtualClock()
    const wait = withDeadline(
      clock.sleep(99).then(() => 'answer'),
      { ms: 100, onTimeout, clock },
    )
    await clock.advance(99)
    await expect(wait).resolves.toBe('answer')
    expect(clock.pending).toBe(0)
  })

  test('rejects as the promise rejects, and leaves no timer behind', async () => {
    const clock = new VirtualClock()
    const failure = new Error('refused')
    const wait = withDeadline(Promise.reject(failure), { ms: 100, onTimeout, clock })
    await expect(wait).rejects.toBe(failure)
    expect(clock.pending).toBe(0)
  })

  test('rejects with the given error when the time is up, and not before', async () => {
    const clock = new VirtualClock()
    let outcome: unknown
    const wait = withDeadline(never, { ms: 100, onTimeout, clock }).catch((error: unknown) => {
      outcome = error
    })
    await clock.advance(99)
    expect(outcome).toBeUndefined()
    await clock.advance(1)
    expect(outcome).toBe(late)
    await wait
  })

  test('rejects with the reason of the signal when that comes first', async () => {
    const clock = new VirtualClock()
    const reason = new Error('the caller left')
    const controller = new AbortController()
    const { signal } = controller
    const wait = withDeadline(never, { ms: 100, onTimeout, signal, clock })
    controller.abort(reason)
    await expect(wait).rejects.toBe(reason)
    expect(clock.pending).toBe(0)
  })

  test('rejects at once when the signal was aborted before', async () => {
    const clock = new VirtualClock()
    const reason = new Error('the caller left')
    const signal = AbortSignal.abort(reason)
    const wait = withDeadline(Promise.resolve(1), { ms: 100, onTimeout, signal, clock })
    await expect(wait).rejects.toBe(reason)
    expect(clock.pending).toBe(0)
  })

  test('leaves no listener on a signal that outlives it', async () => {
    const clock = new VirtualClock()
    const { signal } = new AbortController()
    await withDeadline(Promise.resolve(1), { ms: 100, onTimeout, signal, clock })
    const wait = withDeadline(never, { ms: 100, onTimeout, signal, clock })
    await Promise.all([expect(wait).rejects.toBe(late), clock.advance(100)])
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test.each([0, -1])('with %d ms left is already late', async (ms) => {
    const clock = new VirtualClock()
    const wait = withDeadline(never, { ms, onTimeout, clock })
    await Promise.all([expect(wait).rejects.toBe(late), clock.advance(1)])
    await expect(withDeadline(never, { ms, onTimeout })).rejects.toBe(late)
  })

  test('with no end waits for ever, on no timer', async () => {
    const clock = new VirtualClock()
    const wait = withDeadline(clock.sleep(1e9), { ms: Number.POSITIVE_INFINITY, onTimeout, clock })
    expect(clock.pending).toBe(1)
    await clock.advance(1e9)
    await expect(wait).resolves.toBeUndefined()
  })

  test('does not let a late rejection of the promise escape', async () => {
    const clock = new VirtualClock()
    const doomed = clock.sleep(200).then(() => Promise.reject(new Error('too late to matter')))
    const wait = withDeadline(doomed, { ms: 100, onTimeout, clock })
    await Promise.all([expect(wait).rejects.toBe(late), clock.advance(300)])
  })
})
