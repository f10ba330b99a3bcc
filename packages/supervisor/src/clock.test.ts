import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { systemClock } from './clock.ts'

describe('the system clock', () => {
  test('shows the same monotonic milliseconds as every other process of the machine', () => {
    const before = systemClock.now()
    const script = 'process.stdout.write(String(process.hrtime.bigint()))'
    const elsewhere = Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }))
    const after = systemClock.now()
    expect(elsewhere / 1e6).toBeGreaterThan(before)
    expect(elsewhere / 1e6).toBeLessThan(after)
  })

  test('knows fractions of a millisecond', () => {
    const moments = new Set(Array.from({ length: 100 }, () => systemClock.now()))
    expect([...moments].some((ms) => !Number.isInteger(ms))).toBe(true)
  })

  test('fires a timer once, not before its time', async () => {
    const start = systemClock.now()
    await new Promise<void>((resolve) => void systemClock.startTimer(20, resolve))
    // setTimeout counts whole milliseconds of the event loop's own clock.
    expect(systemClock.now() - start).toBeGreaterThan(18)
  })

  test('never fires a timer that was cancelled', async () => {
    let fired = false
    systemClock.startTimer(1, () => (fired = true)).cancel()
    await systemClock.sleep(5)
    expect(fired).toBe(false)
  })

  test('waits, rather than firing at once, for a delay longer than setTimeout knows', async () => {
    let fired = false
    const timers = [2 ** 31, Number.POSITIVE_INFINITY].map((delayMs) =>
      systemClock.startTimer(delayMs, () => (fired = true)),
    )
    await systemClock.sleep(5)
    for (const timer of timers) timer.cancel()
    expect(fired).toBe(false)
  })

  test('takes a delay below zero for none, without a warning of the platform', async () => {
    const warnings: string[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning.name)
    process.on('warning', onWarning)
    await new Promise<void>((resolve) => void systemClock.startTimer(-5, resolve))
    await systemClock.sleep(-5)
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })

  test('sleeps, and rejects with the reason of the signal that ends it', async () => {
    await expect(systemClock.sleep(1)).resolves.toBeUndefined()
    const reason = new Error('enough')
    const controller = new AbortController()
    const sleep = systemClock.sleep(60_000, controller.signal)
    controller.abort(reason)
    await expect(sleep).rejects.toBe(reason)
    await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  test('shows the time of the calendar to people', () => {
    expect(systemClock.wallTime().getFullYear()).toBeGreaterThan(2024)
  })
})
